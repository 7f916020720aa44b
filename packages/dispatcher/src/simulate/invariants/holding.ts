import type { Known, StoredEntry } from './known.ts';
import { Violation } from '../violation.ts';

/** States in which an entry has its host; said here once more, as the planner is what is checked. */
export const holding = new Set(['preparing', 'ready', 'starting', 'running', 'gathering']);
const free = new Set(['ready', 'repairFailed']);

/** An entry that has a host holds its lease, so no two have the same one; and nobody else does. */
export function oneHolder({ entries, leases }: Known): void {
  const holderOf = new Map<number, StoredEntry>();
  for (const entry of entries.values()) {
    if (entry.hostless === 1 || !holding.has(entry.state)) continue;
    if (entry.hostId === null)
      throw new Violation('one holder a host', `entry ${entry.id} is ${entry.state} without a host`);
    const other = holderOf.get(entry.hostId);
    if (other)
      throw new Violation(
        'one holder a host',
        `entries ${other.id} (${other.state}) and ${entry.id} (${entry.state}) both have host ${entry.hostId}`,
      );
    holderOf.set(entry.hostId, entry);
    const lease = leases.get(entry.hostId);
    if (lease?.holderKind !== 'entry' || lease.holderId !== entry.id)
      throw new Violation(
        'one holder a host',
        `entry ${entry.id} is ${entry.state} on host ${entry.hostId}, whose lease ${lease?.holderKind ?? 'nobody'} ${lease?.holderId ?? ''} holds`,
      );
  }
}

/** Whoever holds a lease is not over, and works with that host. */
export function leasesHaveHolders({ entries, tasks, leases }: Known): void {
  for (const { hostId, holderKind, holderId } of leases.values()) {
    if (holderKind === null || holderId === null) continue;
    const holder = holderKind === 'entry' ? entries.get(holderId) : tasks.get(holderId);
    if (!holder || holder.state === 'finished' || (holder.state === 'queued' && holderKind === 'entry'))
      throw new Violation(
        'every lease ends',
        `host ${hostId} is held by ${holderKind} ${holderId}, which is ${holder?.state ?? 'not there'}`,
      );
    if (holder.hostId !== hostId)
      throw new Violation(
        'every lease ends',
        `host ${hostId} is held by ${holderKind} ${holderId}, which is on host ${holder.hostId}`,
      );
  }
}

/** A host that does something is held, and one that does nothing is not. */
export function statesMatchLeases({ hosts, leases }: Known): void {
  for (const { id, name, state } of hosts.values()) {
    const isHeld = leases.get(id)?.holderId != null;
    if (isHeld === free.has(state))
      throw new Violation('every lease ends', `${name} is ${state} and ${isHeld ? 'held' : 'held by nobody'}`);
  }
}

/** The epoch of a lease rises with each holder that takes it, and never falls. */
export function epochsRise(before: Known['leases'], { leases }: Known): void {
  for (const lease of leases.values()) {
    const was = before.get(lease.hostId);
    if (!was) continue;
    if (lease.epoch < was.epoch)
      throw new Violation(
        'one holder a host',
        `the epoch of host ${lease.hostId} fell from ${was.epoch} to ${lease.epoch}`,
      );
  }
}

/** No account holds more hosts than it may. */
export function withinLimits({ entries, jobs }: Known, limits: ReadonlyMap<string, number>): void {
  if (limits.size === 0) return;
  const held = new Map<string, number>();
  for (const entry of entries.values()) {
    const account = jobs.get(entry.jobId)?.account;
    if (account === undefined || entry.hostless === 1 || !holding.has(entry.state)) continue;
    const count = (held.get(account) ?? 0) + 1;
    held.set(account, count);
    const max = limits.get(account);
    if (max !== undefined && count > max)
      throw new Violation('fair share', `${account} holds ${count} hosts and may hold ${max}`);
  }
}
