import { HostUnfitError } from '../../errors.ts';
import type { HostStep } from '../host-step.ts';
import type { Probed } from './probed.ts';

export const diskSpace = (probed: Probed): HostStep => ({
  name: 'disk space',
  run: async (host) => {
    const { freeBytes, base } = await probed(host);
    const { minFreeBytes } = host.context.settings;
    if (freeBytes >= minFreeBytes) return { outcome: 'pass', reason: `${mebibytes(freeBytes)} free` };
    throw new HostUnfitError(
      host.spec.name,
      `only ${mebibytes(freeBytes)} are free in ${base}, ${mebibytes(minFreeBytes)} are needed`,
      'Free disk space on it.',
    );
  },
});

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MiB`;
}
