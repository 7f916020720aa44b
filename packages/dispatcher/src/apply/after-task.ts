import type { TaskKind, TaskOutcome } from '@autotest/core';
import type { HostRow, JobRow, TaskRow } from '@autotest/core/db';
import { firstPreparation, wantsVerify } from './preparation.ts';

export interface EndedTask {
  readonly kind: TaskKind;
  readonly outcome: TaskOutcome;
  readonly host: HostRow;
  /** The job for whose entry the host is made ready; undefined where no entry waits for it (any more). */
  readonly job: JobRow | undefined;
  /** Earlier tasks of this host, newest first. */
  readonly earlier: readonly Pick<TaskRow, 'kind' | 'outcome' | 'entryId'>[];
  readonly entryId: number | undefined;
}

/**
 * What follows a special task.
 *
 * task      another task works on the host
 * ready     the entry has its host
 * release   the host is free again
 * set_aside the host is unfit; an entry that waits for it has to go on without it
 */
export type NextStep =
  | { readonly step: 'task'; readonly kind: TaskKind }
  | { readonly step: 'ready' | 'release' | 'set_aside' };

/** Tasks of an autoserv that was killed are run again so often. */
const lostBudget = 2;

/** Decides what follows: cleanup, then verify; on failure one repair, then everything again; on a second failure the host is set aside. */
export function afterTask(task: EndedTask): NextStep {
  const { kind, outcome, job, host } = task;
  if (outcome === 'passed') return afterSuccess(kind, host, job);
  if (outcome === 'aborted' && !job) return { step: 'release' };
  // Somebody killed autoserv: that says nothing of the host.
  if (outcome !== 'failed' && lostBefore(task) < lostBudget) return { step: 'task', kind };
  if (kind === 'repair' || host.protection === 'doNotRepair' || repairedBefore(task)) return { step: 'set_aside' };
  return { step: 'task', kind: 'repair' };
}

function afterSuccess(kind: TaskKind, host: HostRow, job: JobRow | undefined): NextStep {
  if (kind === 'repair') return { step: 'task', kind: (job && firstPreparation(job, host)) ?? 'verify' };
  if (!job) return { step: 'release' };
  return kind !== 'verify' && wantsVerify(job, host) ? { step: 'task', kind: 'verify' } : { step: 'ready' };
}

/** Tasks that belong to the same attempt to make the host fit. */
function attempt({ earlier, entryId }: EndedTask): EndedTask['earlier'] {
  const end = earlier.findIndex(
    (one) => one.entryId !== entryId || (one.kind === 'verify' && one.outcome === 'passed'),
  );
  return end === -1 ? earlier : earlier.slice(0, end);
}

function repairedBefore(task: EndedTask): boolean {
  return attempt(task).some(({ kind }) => kind === 'repair');
}

function lostBefore(task: EndedTask): number {
  return attempt(task).filter(({ outcome }) => outcome === 'lost' || outcome === 'aborted').length;
}

/** Delay until a host set aside is verified again: doubles with each attempt that fails. */
export function reverifyDelay(earlier: EndedTask['earlier'], firstMs: number, maxMs: number): number {
  const sinceFit = earlier.findIndex(({ kind, outcome }) => kind === 'verify' && outcome === 'passed');
  const failures = (sinceFit === -1 ? earlier : earlier.slice(0, sinceFit)).filter(
    ({ kind, outcome }) => kind === 'verify' && outcome === 'failed',
  ).length;
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures, 30));
}
