import type { ExecutionRow, HostRow, LeaseRow, Snapshot, TaskRow } from '@autotest/core/db';
import { isLocked } from './host-pool.ts';
import { liveLease, type PlanLimits } from './types.ts';

/** Queued tasks of hosts that this dispatcher holds for them, or that nobody holds. */
export function planTaskStarts(snapshot: Snapshot, limits: PlanLimits): TaskRow[] {
  return snapshot.tasks.filter((task) => {
    if (task.state !== 'queued' || limits.paused.has(`task:${task.id}`)) return false;
    const lease = liveLease(snapshot, task.hostId);
    if (lease === undefined) return task.entryId === undefined;
    return isOurs(lease, limits) && isHolder(lease, task);
  });
}

/** Whether this dispatcher answers for a lease or an execution. */
export function isOurs(
  { dispatcherId }: { readonly dispatcherId: string },
  limits: Pick<PlanLimits, 'dispatcherId' | 'inherited'>,
): boolean {
  return dispatcherId === limits.dispatcherId || limits.inherited.has(dispatcherId);
}

function isHolder({ holder }: LeaseRow, task: TaskRow): boolean {
  return holder.kind === 'task' ? holder.id === task.id : holder.id === task.entryId;
}

/** Hosts set aside whose time to be verified again has come. */
export function planReverifications(snapshot: Snapshot, limits: PlanLimits): number[] {
  const withTask = new Set(snapshot.tasks.map((task) => task.hostId));
  return snapshot.hosts
    .filter((host) => isDue(host, snapshot.now) && !withTask.has(host.id) && liveLease(snapshot, host.id) === undefined)
    .filter((host) => !limits.paused.has(`host:${host.id}`))
    .map(({ id }) => id);
}

function isDue(host: HostRow, now: number): boolean {
  return (
    host.state === 'repairFailed' && host.reverifyAt !== undefined && host.reverifyAt <= now && !isLocked(host, now)
  );
}

/** Executions that occupy one of this dispatcher's places. */
export function occupying(executions: readonly ExecutionRow[], dispatcherId: string): number {
  return executions.filter((one) => one.dispatcherId === dispatcherId && one.state !== 'ended').length;
}
