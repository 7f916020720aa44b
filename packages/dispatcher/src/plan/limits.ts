import { formatDuration } from '@autotest/core';
import type { EntryRow, JobRow, Snapshot } from '@autotest/core/db';
import type { EntryEnding, Interrupt } from './types.ts';

/** States in which an entry has no execution yet. */
const unstarted: ReadonlySet<string> = new Set(['queued', 'preparing', 'ready']);

export function isUnstarted(entry: EntryRow): boolean {
  return unstarted.has(entry.state);
}

/** When the job's own time is over, ms since the epoch; Infinity where it has no limit. */
export function jobDeadline(job: JobRow): number {
  return job.timeoutMs > 0 ? job.createdAt + job.timeoutMs : Infinity;
}

/** Entries that end without having run: somebody does not want them any more, or their job's time is over. */
export function planEndings(snapshot: Snapshot): EntryEnding[] {
  return snapshot.entries.filter(isUnstarted).flatMap((entry): EntryEnding[] => {
    const job = snapshot.jobs.get(entry.jobId);
    if (job === undefined) return [];
    if (entry.abortRequested) {
      const message = `${job.abortedBy ?? 'somebody'} aborted the job: ${job.abortReason ?? 'no reason was given'}`;
      return [{ entry, move: 'abort', outcome: 'aborted', cause: { code: 'AT_ABORTED', message } }];
    }
    if (jobDeadline(job) > snapshot.now) return [];
    return [
      { entry, move: 'give_up', outcome: 'timedOut', cause: { code: 'AT_TIMED_OUT', message: timeoutMessage(job) } },
    ];
  });
}

/** Executions that have to stop: aborted, over a limit, or of a task whose entry is gone. */
export function planInterrupts(snapshot: Snapshot): Interrupt[] {
  const entries = new Map<number, EntryRow[]>();
  for (const entry of snapshot.entries) {
    if (entry.executionId !== undefined)
      entries.set(entry.executionId, [...(entries.get(entry.executionId) ?? []), entry]);
  }
  const liveEntries = new Set(snapshot.entries.map(({ id }) => id));
  const tasks = new Map(snapshot.tasks.map((task) => [task.id, task]));
  return snapshot.executions.flatMap((execution): Interrupt[] => {
    if (execution.state === 'ended') return [];
    const task = execution.taskId === undefined ? undefined : tasks.get(execution.taskId);
    if (task?.entryId !== undefined && !liveEntries.has(task.entryId))
      return [{ execution, by: 'dispatcher', reason: 'the job does not need the host any more', timedOut: false }];
    const job = execution.jobId === undefined ? undefined : snapshot.jobs.get(execution.jobId);
    const mine = entries.get(execution.id) ?? [];
    if (execution.purpose === 'job' && job && mine.length > 0 && mine.every((entry) => entry.abortRequested))
      return [
        {
          execution,
          by: job.abortedBy ?? 'somebody',
          reason: job.abortReason ?? 'no reason was given',
          timedOut: false,
        },
      ];
    if (execution.deadlineAt === undefined || execution.deadlineAt > snapshot.now) return [];
    const reason =
      execution.purpose === 'job' && job
        ? overtimeMessage(job, snapshot.now)
        : `the time for the ${execution.purpose} is over`;
    return [{ execution, by: 'dispatcher', reason, timedOut: true }];
  });
}

function overtimeMessage(job: JobRow, now: number): string {
  return jobDeadline(job) <= now ? timeoutMessage(job) : `it ran longer than ${formatDuration(job.maxRuntimeMs)}`;
}

function timeoutMessage(job: JobRow): string {
  return `the job was not finished ${formatDuration(job.timeoutMs)} after its submission`;
}
