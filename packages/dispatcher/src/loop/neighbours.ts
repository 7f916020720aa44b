import type { DispatcherRow } from '@autotest/core/db';
import { isSameProcess } from '@autotest/core/node';
import type { Settings } from '../options.ts';

/** Other dispatchers of this machine that are dead: silent for longer than a lease, and without a process. */
export function deadNeighbours(dispatchers: readonly DispatcherRow[], settings: Settings): string[] {
  const { dispatcherId, machine, clock, limits } = settings;
  const silentSince = clock.now() - limits.leaseMs;
  return dispatchers
    .filter((one) => one.id !== dispatcherId && one.machine === machine && one.heartbeatAt < silentSince)
    .filter(({ pid }) => !isSameProcess(pid, undefined))
    .map(({ id }) => id);
}
