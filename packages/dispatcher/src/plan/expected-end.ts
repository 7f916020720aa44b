import type { DurationRow, ExecutionRow, JobRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';
import { jobDeadline } from './deadlines.ts';

/** With fewer runs one does not promise hosts to others. */
const minRuns = 5;

/** How long nearly all runs of a job take, ms: mean and two standard deviations. */
function longRunMs({ meanMs, varianceMs2 }: DurationRow): number {
  return meanMs + 2 * Math.sqrt(varianceMs2);
}

/**
 * When what keeps a host is expected to end, ms since the epoch: by what jobs of the name took before, or else when it must be over. undefined: the host is not kept by an
 * execution, or nothing limits it.
 */
export function expectedEndAt(world: World, hostId: number, now: number): number | undefined {
  const lease = world.heldLease(hostId);
  const entry = lease?.holder.kind === 'entry' ? world.entries.get(lease.holder.id) : undefined;
  const execution = entry?.executionId === undefined ? undefined : world.executions.get(entry.executionId);
  const job = entry && world.jobs.get(entry.jobId);
  if (!execution || !job) return undefined;
  const usual = usualEndAt(execution, world.durations.get(job.name));
  // What takes longer than usual can only be said to end in time.
  if (usual === undefined || usual <= now) return execution.deadlineAt;
  // To the second: what is stored need not change with every run.
  return Math.min(Math.ceil(usual / 1000) * 1000, execution.deadlineAt ?? Infinity);
}

function usualEndAt({ startedAt, createdAt }: ExecutionRow, history: DurationRow | undefined): number | undefined {
  return history && (startedAt ?? createdAt) + longRunMs(history);
}

/** When a job that starts now is over, ms since the epoch: by its limits, or sooner if it always was. Infinity where nothing tells. */
export function latestEndAt(job: JobRow, history: DurationRow | undefined, now: number): number {
  const limit = Math.min(job.maxRuntimeMs > 0 ? now + job.maxRuntimeMs : Infinity, jobDeadline(job));
  return history && history.runs >= minRuns ? Math.min(limit, now + longRunMs(history)) : limit;
}
