import type { DependencyCondition, UnmetConstraint, WaitCode } from '@autotest/core';
import type { EntryRow, JobRow } from '@autotest/core/db';
import type { Loaders } from '../../loaders.ts';
import { prepare } from './prepare.ts';

/** Why an entry is not running yet. */
export interface Why {
  readonly code: WaitCode;
  readonly message: string;
  readonly position?: number;
  readonly queueLength?: number;
  /** ms since the epoch. */
  readonly expectedAt?: number;
  readonly constraints: readonly UnmetConstraint[];
  readonly unblock: readonly string[];
  /** ms since the epoch. */
  readonly since?: number;
  readonly waitsFor: readonly { readonly job: JobRow; readonly when: DependencyCondition }[];
}

/** Reasons for which entries stand in line. A group waits for hosts of its own, and a job for others alone. */
const inLine: ReadonlySet<WaitCode> = new Set(['labels', 'access', 'hosts', 'share', 'capacity']);

/** Explains an entry by its state: the reason that the planner stored, or what follows from its tasks and its siblings. undefined: it waits for nothing any more. */
export async function explain(entry: EntryRow, loaders: Loaders): Promise<Why | undefined> {
  switch (entry.state) {
    case 'queued':
      return ofQueued(entry, loaders);
    case 'preparing':
      return ofPreparing(entry, loaders);
    case 'ready':
      return loaders.readyOf.load(entry.jobId);
    case 'starting': {
      const execution = entry.executionId === undefined ? undefined : await loaders.execution.load(entry.executionId);
      return {
        ...nothing,
        code: 'starting',
        message: 'its execution is being started',
        ...since(execution?.createdAt),
      };
    }
    default:
      return undefined;
  }
}

const nothing = { constraints: [], unblock: [], waitsFor: [] } as const;

async function ofQueued(entry: EntryRow, loaders: Loaders): Promise<Why> {
  const wait = entry.waitId === undefined ? undefined : await loaders.wait.load(entry.waitId);
  if (!wait) {
    const unblock = ['a dispatcher looks at it: `autotest dispatcher list` shows whether one runs'];
    return {
      ...nothing,
      code: 'capacity',
      message: 'no dispatcher has looked at it yet',
      unblock,
      since: entry.queuedAt,
    };
  }
  const { reason, changedAt } = wait;
  const stored = { ...nothing, ...reason, since: Math.max(changedAt, entry.queuedAt) };
  if (reason.code === 'dependency') return { ...stored, ...(await waitsFor(entry, loaders)) };
  const place = inLine.has(reason.code) ? await loaders.position.load(entry.id) : undefined;
  return { ...stored, ...place };
}

async function ofPreparing(entry: EntryRow, loaders: Loaders): Promise<Why> {
  const { host, doing, task, execution } = await prepare(entry, loaders);
  return {
    ...nothing,
    code: 'preparing',
    message: `${host} ${doing}`,
    unblock: task ? [`the ${task.kind} of ${host} passes`] : [],
    ...(execution?.deadlineAt !== undefined && { expectedAt: execution.deadlineAt }),
    ...since(task?.startedAt ?? task?.createdAt),
  };
}

function since(at: number | undefined): Pick<Why, 'since'> {
  return at === undefined ? {} : { since: at };
}

async function waitsFor({ jobId }: EntryRow, loaders: Loaders): Promise<Pick<Why, 'constraints' | 'waitsFor'>> {
  const { after = [] } = (await loaders.job.load(jobId)) ?? {};
  const jobs = await Promise.all(after.map((dependency) => loaders.job.load(dependency.jobId)));
  const open = after.flatMap(({ when }, index) => {
    const job = jobs[index];
    return job === undefined || job.state === 'finished' ? [] : { job, when };
  });
  return {
    waitsFor: open,
    constraints: open.map(({ job, when }) => ({
      needs: `job ${job.id} (${job.name}) ${when === 'passed' ? 'passes' : 'ends'}; it is ${progressOf(job)}`,
      nearest: [],
    })),
  };
}

function progressOf({ state, entryCount, finishedCount }: JobRow): string {
  return entryCount < 2 || state === 'queued' ? state : `${state}, ${finishedCount} of ${entryCount} hosts are through`;
}
