import type { EntryRow, HostRow, LeaseRow } from '@autotest/core/db';
import { StaleError } from '../errors.ts';
import type { World } from '../world/world.ts';

/**
 * The host that an entry holds, with its lease. An entry that has a host and is not over holds it: where the world says otherwise, it knows the two as of different moments, and what
 * was done by that would leave the host behind.
 *
 * @throws StaleError
 */
export function holdingOf(world: World, { id, hostId }: EntryRow): { host: HostRow; lease: LeaseRow } | undefined {
  if (hostId === undefined) return undefined;
  const host = world.hosts.get(hostId);
  const lease = world.heldLease(hostId);
  if (host && lease?.holder.kind === 'entry' && lease.holder.id === id) return { host, lease };
  world.doubtful.add(hostId);
  throw new StaleError(`entry ${id}`, host?.name ?? `host ${hostId}`);
}
