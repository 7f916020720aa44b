import type { Snapshot } from '@autotest/core/db';
import { isUnstarted, jobDeadline } from './limits.ts';
import { liveLease } from './types.ts';

/** When the next thing happens that no event tells of, ms since the epoch: a limit, a lock or a lease ends. Infinity: nothing. */
export function nextWake(snapshot: Snapshot): number {
  const times: number[] = [];
  for (const host of snapshot.hosts) {
    if (host.lockedBy !== undefined && host.lockedUntil !== undefined) times.push(host.lockedUntil);
    if (host.state === 'repairFailed' && host.reverifyAt !== undefined) times.push(host.reverifyAt);
    const lease = host.state === 'ready' ? liveLease(snapshot, host.id) : undefined;
    if (lease) times.push(lease.expiresAt);
  }
  const jobs = new Set(snapshot.entries.filter(isUnstarted).map(({ jobId }) => jobId));
  for (const id of jobs) {
    const job = snapshot.jobs.get(id);
    if (job) times.push(jobDeadline(job));
  }
  for (const execution of snapshot.executions) {
    if (execution.state !== 'ended' && execution.deadlineAt !== undefined) times.push(execution.deadlineAt);
  }
  return times.reduce((first, time) => (time > snapshot.now && time < first ? time : first), Infinity);
}
