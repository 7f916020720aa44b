import { parseDuration } from '@autotest/core';
import { isOutOfReach, type RepairRung } from './rung.ts';

/** How long a host that is down is waited for before anything else is tried; a host's attribute `repair-wait` says otherwise. */
const defaultWait = '2 minutes';

/** Most hosts that do not answer are booting. */
export const waitForHost: RepairRung = {
  name: 'wait for host',
  reach: 'looking',
  cannotHelp: (problem) => (isOutOfReach(problem) ? undefined : 'the host answers'),
  run: async ({ connection, context }) => {
    await connection.connect({
      withinMs: parseDuration(connection.spec.attributes['repair-wait'] ?? defaultWait),
      signal: context.stopper.signal,
    });
  },
};
