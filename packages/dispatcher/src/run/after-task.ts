import type { TaskKind, TaskOutcome } from '@autotest/core';
import type { HostRow, JobRow, TaskRow } from '@autotest/core/db';
import { afterCleanup, firstPreparation, wantsVerify } from '../plan/assign.ts';

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

/** How often and how soon a host is repaired. */
export interface RepairLimits {
  /** Repairs in a row that did not help, after which it is left alone for `coolDownMs`. */
  readonly maxRepairs: number;
  readonly coolDownMs: number;
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

/** Decides what follows: cleanup, provision, verify; on failure one repair, then everything again; on a second failure the host is set aside. */
export function afterTask(task: EndedTask, limits: RepairLimits, now: number): NextStep {
  const { kind, outcome, job, host } = task;
  if (outcome === 'passed' || isIgnored(task)) return afterSuccess(kind, host, job);
  if (outcome === 'aborted' && !job) return { step: 'release' };
  // Somebody killed autoserv: that says nothing of the host.
  if (outcome !== 'failed' && lostBefore(task) < lostBudget) return { step: 'task', kind };
  if (kind === 'repair' || !mayRepair(host, limits, now) || repairedBefore(task)) return { step: 'set_aside' };
  return { step: 'task', kind: 'repair' };
}

/** A host that nobody may verify is taken as it is. */
function isIgnored({ kind, host }: EndedTask): boolean {
  return host.protection === 'doNotVerify' && (kind === 'verify' || kind === 'cleanup');
}

function afterSuccess(kind: TaskKind, host: HostRow, job: JobRow | undefined): NextStep {
  if (kind === 'repair') return { step: 'task', kind: (job && firstPreparation(job, host)) ?? 'verify' };
  if (!job) return { step: 'release' };
  const next = kind === 'cleanup' ? afterCleanup(job, host) : undefined;
  if (next) return { step: 'task', kind: next };
  return kind === 'provision' && wantsVerify(job, host) ? { step: 'task', kind: 'verify' } : { step: 'ready' };
}

function mayRepair(host: HostRow, { maxRepairs, coolDownMs }: RepairLimits, now: number): boolean {
  if (host.protection === 'doNotRepair' || host.protection === 'doNotVerify') return false;
  return host.repairFailures < maxRepairs || now - (host.repairedAt ?? 0) >= coolDownMs;
}

/** Tasks that belong to the same attempt to make the host fit. */
function attempt({ earlier, entryId }: EndedTask): EndedTask['earlier'] {
  const end = earlier.findIndex(
    (one) => one.entryId !== entryId || (one.kind === 'verify' && one.outcome === 'passed'),
  );
  return end === -1 ? earlier : earlier.slice(0, end);
}

/** Whether the host was repaired in this attempt already. Where no entry waits, what fails after a repair ends the attempt; the next task begins another one. */
function repairedBefore(task: EndedTask): boolean {
  const before = attempt(task);
  if (task.entryId !== undefined) return before.some(({ kind }) => kind === 'repair');
  const last = before.find(({ outcome }) => outcome !== 'lost' && outcome !== 'aborted');
  return last?.kind === 'repair' && last.outcome === 'passed';
}

/** Whether this task shows that a repair did not help. */
export function isRepairInVain(task: EndedTask): boolean {
  return task.outcome === 'failed' && (task.kind === 'repair' || repairedBefore(task));
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
