import type { EntryRow, Snapshot } from '@autotest/core/db';
import type { EntryEnding } from '../plan/types.ts';
import type { Settings } from '../options.ts';

/**
 * Ends an entry that has no execution, and lets go of its host: at once, or, where a task works on it, when the task has ended. False: somebody
 * was faster.
 */
export async function endEntry(settings: Settings, snapshot: Snapshot, ending: EntryEnding): Promise<boolean> {
  const { entry, move, outcome, cause } = ending;
  const done = await settings.database.scheduling.write(async (w) => {
    await w.moveEntry(entry, move, { outcome, cause });
    const held = heldHost(snapshot, entry);
    if (!held) return true;
    const { host, lease, tasks } = held;
    const running = tasks.find(({ state }) => state === 'running');
    for (const task of tasks) if (task.state === 'queued') await w.moveTask(task, 'cancel', { outcome: 'aborted' });
    if (running) {
      await w.passLease(host.id, lease.epoch, { kind: 'task', id: running.id });
    } else {
      await w.moveHost(host, 'release');
      await w.releaseLease(host.id, lease.epoch);
    }
    return true;
  });
  return done ?? false;
}

/** Puts an entry that is ready back into the queue, so that a job of higher rank gets its host. False: somebody was faster. */
export async function yieldHost(settings: Settings, snapshot: Snapshot, entry: EntryRow): Promise<boolean> {
  const held = heldHost(snapshot, entry);
  if (!held) return false;
  const done = await settings.database.scheduling.write(async (w) => {
    await w.moveEntry(entry, 'host_failed', entry.named ? {} : { hostId: null });
    await w.moveHost(held.host, 'release');
    await w.releaseLease(held.host.id, held.lease.epoch);
    return true;
  });
  return done ?? false;
}

/** The host that an entry holds, with its lease and the tasks that work on it for the entry. */
function heldHost(snapshot: Snapshot, entry: EntryRow) {
  if (entry.state === 'queued' || entry.hostId === undefined) return undefined;
  const host = snapshot.hosts.find(({ id }) => id === entry.hostId);
  const lease = snapshot.leases.get(entry.hostId);
  if (!host || lease?.holder.kind !== 'entry' || lease.holder.id !== entry.id) return undefined;
  return { host, lease, tasks: snapshot.tasks.filter(({ entryId }) => entryId === entry.id) };
}
