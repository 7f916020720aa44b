import type { HostRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';

/** Whether a lock holds at this moment. */
export function isLocked(host: HostRow, now: number): boolean {
  return host.lockedBy !== undefined && (host.lockedUntil === undefined || host.lockedUntil > now);
}

/** Login of the person who has the host at this moment. */
export function reserverOf(host: HostRow, now: number): string | undefined {
  return host.reservedUntil === undefined || host.reservedUntil > now ? host.reservedBy : undefined;
}

/** Whether an entry may get this host now, as far as the host is concerned. */
export function isFree(host: HostRow, world: World, now: number): boolean {
  return (
    host.state === 'ready' &&
    !isLocked(host, now) &&
    !host.draining &&
    host.quarantineReason === undefined &&
    world.leases.get(host.id)?.holder === undefined &&
    world.tasksOfHost(host.id).length === 0
  );
}

/** What a host does, in one word, for counts. */
export function conditionOf(host: HostRow, world: World, now: number): HostCondition {
  if (isLocked(host, now)) return 'locked';
  if (host.quarantineReason !== undefined) return 'quarantined';
  if (host.state === 'repairFailed') return 'repairFailed';
  if (host.draining) return 'draining';
  return isFree(host, world, now) ? 'free' : 'busy';
}

export const hostConditions = ['free', 'busy', 'draining', 'locked', 'quarantined', 'repairFailed'] as const;
export type HostCondition = (typeof hostConditions)[number];
