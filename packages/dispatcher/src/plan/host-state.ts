import { lockOf } from '@autotest/core';
import type { HostRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';

/** Whether an entry may get this host now, as far as the host is concerned. */
export function isFree(host: HostRow, world: World, now: number): boolean {
  return (
    host.state === 'ready' &&
    !lockOf(host, now) &&
    !host.draining &&
    host.quarantineReason === undefined &&
    !world.heldLease(host.id) &&
    world.tasksOfHost(host.id).length === 0
  );
}

/** What a host does, in one word, for counts. */
export function conditionOf(host: HostRow, world: World, now: number): HostCondition {
  if (lockOf(host, now)) return 'locked';
  if (host.quarantineReason !== undefined) return 'quarantined';
  if (host.state === 'repairFailed') return 'repairFailed';
  if (host.draining) return 'draining';
  return isFree(host, world, now) ? 'free' : 'busy';
}

export const hostConditions = ['free', 'busy', 'draining', 'locked', 'quarantined', 'repairFailed'] as const;
export type HostCondition = (typeof hostConditions)[number];
