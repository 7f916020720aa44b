import type { JobRow } from '@autotest/core/db';

/** When the job's own time is over, ms since the epoch; Infinity where it has no limit. */
export function jobDeadline(job: Pick<JobRow, 'timeoutMs' | 'createdAt'>): number {
  return job.timeoutMs > 0 ? job.createdAt + job.timeoutMs : Infinity;
}
