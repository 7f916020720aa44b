import { formatDuration } from '@autotest/core';
import type { HostStep } from '../host-step.ts';
import type { Probed } from './probed.ts';

/** A wrong clock is no reason to refuse a host: results are ordered by sequence, not by its time. People should know. */
export const clock = (probed: Probed): HostStep => ({
  name: 'clock',
  run: async (host) => {
    const skewMs = (await probed(host)).clock * 1000 - Date.now();
    if (Math.abs(skewMs) <= host.context.settings.maxClockSkewMs) return { outcome: 'pass' };
    return {
      outcome: 'warn',
      reason: `the host's clock is ${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}; set it by NTP`,
    };
  },
});
