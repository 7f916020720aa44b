import type { Provisioned, Provisioner } from './provisioner.ts';
import { runDriver } from './run-driver.ts';

/**
 * `command:<program>?name=value`: runs `<program> provision HOST IMAGE`. It returns when the host has the image and boots from it. A line `host-key: ssh-ed25519 AAAA…` on
 * its stdout names a key that the host will show.
 */
export function commandProvisioner(url: URL): Provisioner {
  return {
    provision: async (host, image) => {
      const lines = await runDriver(host, {
        name: url.pathname,
        args: ['provision', host.spec.name, image],
        parameters: url.searchParams,
        image,
      });
      return keysIn(lines);
    },
  };
}

export function keysIn(lines: readonly string[]): Provisioned {
  const hostKeys = lines.flatMap((line) => /^host-key:\s*(\S+ \S+)/.exec(line)?.[1] ?? []);
  return hostKeys.length > 0 ? { hostKeys } : {};
}
