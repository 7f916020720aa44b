import { provisionHost } from '../../provision/provision-host.ts';
import type { RepairRung } from './rung.ts';

/** The last resort, only for hosts whose attributes name an image for it: everything on the host is lost. */
export const reinstall: RepairRung = {
  name: 'reinstall',
  reach: 'machine',
  cannotHelp: (_, { spec }) => {
    if (spec.attributes['repair-image'] === undefined) return 'no image is named for it (attribute `repair-image`)';
    return spec.attributes.provision === undefined
      ? 'the host cannot be provisioned (attribute `provision`)'
      : undefined;
  },
  run: async (host) => {
    const image = host.spec.attributes['repair-image'] ?? '';
    await provisionHost(host, image);
    return { outcome: 'pass', reason: `installed ${image}` };
  },
};
