import type { HostSpec } from '@autotest/core';
import { HostUnfitError } from '../errors.ts';
import { commandProvisioner } from './command.ts';
import { netbootProvisioner } from './netboot.ts';
import type { Provisioner } from './provisioner.ts';
import { qemuImageProvisioner } from './qemu-image.ts';

const kinds: Readonly<Record<string, (url: URL) => Provisioner>> = {
  'command:': commandProvisioner,
  'netboot:': netbootProvisioner,
  'qemu-image:': qemuImageProvisioner,
};

/** The provisioner that a host's attribute `provision` names. @throws HostUnfitError where there is none, or it cannot be read */
export function makeProvisioner(spec: HostSpec): Provisioner {
  const text = spec.attributes.provision;
  if (text === undefined)
    throw new HostUnfitError(
      spec.name,
      'nothing is known that could install an image on it',
      'Give it an attribute `provision`, such as command:install-board.',
    );
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const make = url && kinds[url.protocol];
  if (!make)
    throw new HostUnfitError(
      spec.name,
      `its attribute provision=${text} names no provisioning driver`,
      `Use one of ${Object.keys(kinds).join(' ')}`,
    );
  return make(url);
}
