import { ProvisionError } from '../errors.ts';
import { powerMs, powerOf } from '../power/power-of.ts';
import { keysIn } from './command.ts';
import type { Provisioner } from './provisioner.ts';
import { runDriver } from './run-driver.ts';

/**
 * `netboot:<program>?name=value`: `<program> prepare HOST IMAGE` has the network offer the image to the host (a file for its boot loader, say), then its power is cycled.
 * `<program> wait HOST IMAGE` returns when the installation is over; its lines
 * `host-key: ssh-ed25519 AAAA…` name keys that the host will show.
 */
export function netbootProvisioner(url: URL): Provisioner {
  return {
    provision: async (host, image) => {
      const { context, spec, log } = host;
      const power = powerOf(context, spec);
      if (!power)
        throw new ProvisionError(spec.name, image, 'a host that boots from the network needs an attribute `power`');
      const call = (verb: string) =>
        runDriver(host, { name: url.pathname, args: [verb, spec.name, image], parameters: url.searchParams, image });
      await call('prepare');
      log.line('power cycle');
      await power.cycle({ timeoutMs: powerMs, signal: context.stopper.signal });
      return keysIn(await call('wait'));
    },
  };
}
