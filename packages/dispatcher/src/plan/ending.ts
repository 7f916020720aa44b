import type { Cause, EntryOutcome } from '@autotest/core';
import type { Change, EntryRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';
import { holdingOf } from './holding.ts';

/** How an entry ends that has no execution. */
export interface Ending {
  readonly move: 'abort' | 'give_up';
  readonly outcome: EntryOutcome;
  readonly cause: Cause;
}

/** States in which an entry has no execution yet. */
const unstarted: ReadonlySet<string> = new Set(['queued', 'preparing', 'ready']);

export function isUnstarted({ state }: EntryRow): boolean {
  return unstarted.has(state);
}

/** Ends an entry that has no execution, and lets go of its host. */
export function endEntry(change: Change, world: World, entry: EntryRow, { move, outcome, cause }: Ending): void {
  change.moveEntry(entry, move, { outcome, cause, dispatcherId: null });
  letGo(change, world, entry);
}

/** Puts an entry that has a host already back into the queue. */
export function requeue(change: Change, world: World, entry: EntryRow): void {
  change.moveEntry(entry, 'requeue', { dispatcherId: null, ...(!entry.named && { hostId: null }) });
  letGo(change, world, entry);
}

/** Lets go of the host that an entry holds: at once, or, where a task works on it, when the task has ended. */
function letGo(change: Change, world: World, entry: EntryRow): void {
  const holding = entry.state === 'queued' ? undefined : holdingOf(world, entry);
  if (!holding) return;
  const { host, lease } = holding;
  // One that works on a host which the entry had before is that host's matter.
  const tasks = world.tasksOfEntry(entry.id).filter(({ hostId }) => hostId === host.id);
  for (const task of tasks) if (task.state === 'queued') change.moveTask(task, 'cancel', { outcome: 'aborted', entry });
  const running = tasks.find(({ state }) => state === 'running');
  if (running) {
    // It may be over by now: then another one works for the entry.
    change.relyOnTask(running);
    change.passLease(lease, { kind: 'task', id: running.id });
    return;
  }
  change.moveHost(host, 'release');
  change.releaseLease(lease);
}
