import { formatDuration } from '@autotest/core';
import type { EntryRow, JobRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';
import { jobDeadline } from './deadlines.ts';
import { groupSizeOf } from './demand.ts';
import type { Dependencies } from './dependencies.ts';
import { isUnstarted, type Ending } from './ending.ts';

/** Entries of a job that end without having run, each with how: nobody wants them, their time is over, or they can never run. */
export function endingsOf(
  job: JobRow,
  entries: readonly EntryRow[],
  dependencies: Dependencies,
  now: number,
): Map<EntryRow, Ending> {
  const endings = new Map<EntryRow, Ending>();
  const waiting = entries.filter(isUnstarted);
  const broken = dependencies.brokenOf(job);
  for (const entry of waiting) {
    if (entry.abortRequested) endings.set(entry, abortOf(job));
    else if (jobDeadline(job) <= now) endings.set(entry, timeoutOf(job));
    else if (broken !== undefined) endings.set(entry, give('stopped', 'AT_DEPENDENCY_FAILED', broken));
  }
  const size = groupSizeOf(job);
  const left = waiting.filter((entry) => !endings.has(entry) && !entry.hostless);
  if (size > 1 && left.length > 0 && left.length < size)
    for (const entry of left) endings.set(entry, tooFew(left.length, size));
  return endings;
}

/** What is wrong with an entry that cannot be planned at all; undefined: nothing. */
export function missingOf(entry: EntryRow, world: World): string | undefined {
  if (!world.jobs.has(entry.jobId)) return `its job ${entry.jobId} does not exist or cannot be read`;
  if (entry.named && entry.hostId === undefined) return 'its host does not exist any more';
  return undefined;
}

/** How an abort ends an entry. */
export function abortOf(job: JobRow): Ending {
  const message = `${job.abortedBy ?? 'somebody'} aborted the job: ${job.abortReason ?? 'no reason was given'}`;
  return { move: 'abort', outcome: 'aborted', cause: { code: 'AT_ABORTED', message } };
}

function timeoutOf(job: JobRow): Ending {
  return give('timedOut', 'AT_TIMED_OUT', timeoutMessage(job));
}

export function timeoutMessage(job: JobRow): string {
  return `the job was not finished ${formatDuration(job.timeoutMs)} after its submission`;
}

function tooFew(left: number, size: number): Ending {
  const message = `${size} hosts start together, and only ${left} ${left === 1 ? 'is' : 'are'} left of this job`;
  return give('stopped', 'AT_TOO_FEW_HOSTS', message);
}

function give(outcome: Ending['outcome'], code: string, message: string): Ending {
  return { move: 'give_up', outcome, cause: { code, message } };
}
