import { lockOf, type TaskKind } from '@autotest/core';
import { Change, type HostRow, type IdSource, type TaskRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';
import { taskMoves, taskStates } from './assign.ts';
import type { Crew } from './crew.ts';

/** Which task goes first where several are asked for. */
const order: readonly TaskKind[] = ['repair', 'provision', 'cleanup', 'verify'];

/**
 * The next special task of a host that no entry asked for: one that somebody requested, or the verification of a host that was set aside and whose time has come. A task begins
 * when nobody holds the host; it goes before the next entry, as a host with a task is not free. undefined: nothing to do. `crowded`: no dispatcher has room for it.
 */
export function planHostTask(
  world: World,
  crew: Crew,
  hostId: number,
  now: number,
  ids: IdSource,
): Change | 'crowded' | undefined {
  const host = world.hosts.get(hostId);
  if (!host || world.heldLease(hostId)) return undefined;
  const leftOver = cancelLeftOver(world, hostId, now, ids);
  if (leftOver) return leftOver;
  if (lockOf(host, now)) return undefined;
  const requested = nextTask(world.tasksOfHost(hostId));
  const isDue = host.state === 'repairFailed' && host.reverifyAt !== undefined && host.reverifyAt <= now;
  if (!requested && !isDue) return undefined;
  if (requested?.dispatcherId !== undefined && requested.state === 'running') return undefined;
  if (requested && !canBegin(host)) return undefined;
  const dispatcherId = crew.choose({ owner: requested?.requestedBy ?? 'dispatcher' }, 1);
  if (dispatcherId === undefined) return 'crowded';
  const change = new Change(now, ids);
  const task = requested
    ? change.giveTask(requested, dispatcherId)
    : change.addTask({ hostId, kind: 'verify', requestedBy: 'dispatcher', dispatcherId });
  change.takeLease(world.leases.get(hostId), hostId, { kind: 'task', id: task.id }, dispatcherId);
  if (host.state !== taskStates[task.kind]) change.moveHost(host, taskMoves[task.kind], { reverifyAt: null });
  return change;
}

/** A queued task for an entry that does not hold the host any more: whoever let go of it did not know of the task. It would keep the host from everybody. */
function cancelLeftOver(world: World, hostId: number, now: number, ids: IdSource): Change | undefined {
  const task = world.tasksOfHost(hostId).find(({ state, entryId }) => state === 'queued' && entryId !== undefined);
  const lease = world.leases.get(hostId);
  if (!task || !lease) return undefined;
  const change = new Change(now, ids);
  change.moveTask(task, 'cancel', { outcome: 'aborted' });
  change.relyOnLease(lease);
  return change;
}

function nextTask(tasks: readonly TaskRow[]): TaskRow | undefined {
  const queued = tasks.filter(({ state, entryId }) => state === 'queued' && entryId === undefined);
  return queued.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.id - b.id)[0];
}

function canBegin({ state }: HostRow): boolean {
  return state === 'ready' || state === 'repairFailed';
}
