import type { Snapshot } from '@autotest/core/db';
import type { Assignment } from '../plan/types.ts';
import type { Settings } from '../options.ts';
import { firstPreparation, taskMoves } from './preparation.ts';

/** Gives a host to an entry and begins to make it ready. False: somebody was faster. */
export async function assignHost(
  settings: Settings,
  snapshot: Snapshot,
  { entry, hostId }: Assignment,
): Promise<boolean> {
  const host = snapshot.hosts.find(({ id }) => id === hostId);
  const job = snapshot.jobs.get(entry.jobId);
  if (!host || !job) return false;
  const kind = firstPreparation(job, host);
  const done = await settings.database.scheduling.write(async (w) => {
    const until = settings.clock.now() + settings.limits.leaseMs;
    await w.takeLease(host.id, { kind: 'entry', id: entry.id }, settings.dispatcherId, until);
    const assigned = await w.moveEntry(entry, 'assign', { hostId: host.id });
    if (kind) {
      await w.moveHost(host, taskMoves[kind]);
      await w.addTask({ hostId: host.id, entryId: entry.id, kind, requestedBy: 'dispatcher' });
    } else {
      await w.moveHost(host, 'reserve');
      await w.moveEntry(assigned, 'host_ready');
    }
    return true;
  });
  return done ?? false;
}
