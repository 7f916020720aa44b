import { formatDuration } from '@autotest/core';
import type { ExecutionRow, JobRow } from '@autotest/core/db';
import { jobDeadline } from '../plan/deadlines.ts';
import { timeoutMessage } from '../plan/endings.ts';
import type { World } from '../world/world.ts';

/** An execution that has to stop. */
export interface Interrupt {
  readonly execution: ExecutionRow;
  readonly by: string;
  readonly reason: string;
  readonly timedOut: boolean;
}

/** Why an execution has to stop: aborted, over a limit, or of a task whose entry is gone. undefined: it goes on. */
export function interruptOf(world: World, execution: ExecutionRow, now: number): Interrupt | undefined {
  if (execution.state === 'ended') return undefined;
  const task = execution.taskId === undefined ? undefined : world.tasks.get(execution.taskId);
  if (task?.entryId !== undefined && !isWanted(world, task.entryId, task.hostId))
    return { execution, by: 'dispatcher', reason: 'the job does not need the host any more', timedOut: false };
  const job = execution.jobId === undefined ? undefined : world.jobs.get(execution.jobId);
  const entries = world.entriesOfExecution(execution.id);
  if (execution.purpose === 'job' && job && entries.length > 0 && entries.every((entry) => entry.abortRequested)) {
    const reason = job.abortReason ?? 'no reason was given';
    return { execution, by: job.abortedBy ?? 'somebody', reason, timedOut: false };
  }
  if (execution.deadlineAt === undefined || execution.deadlineAt > now) return undefined;
  const reason =
    execution.purpose === 'job' && job ? overtimeMessage(job, now) : `the time for the ${execution.purpose} is over`;
  return { execution, by: 'dispatcher', reason, timedOut: true };
}

/** Whether an entry still waits for this host to be made ready. */
function isWanted(world: World, entryId: number, hostId: number): boolean {
  const entry = world.entries.get(entryId);
  return entry?.state === 'preparing' && entry.hostId === hostId;
}

function overtimeMessage(job: JobRow, now: number): string {
  return jobDeadline(job) <= now ? timeoutMessage(job) : `it ran longer than ${formatDuration(job.maxRuntimeMs)}`;
}
