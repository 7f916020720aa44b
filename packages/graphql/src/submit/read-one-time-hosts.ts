import type { OneTimeHost } from '@autotest/core/db';
import { checkHost } from '../hosts/check-host.ts';
import type { SubmitJobInput } from './submit.input.ts';
import { refuseInput } from './submit.type.ts';

/**
 * Hosts that a job brings along.
 *
 * @throws Refused
 */
export function readOneTimeHosts(input: SubmitJobInput): OneTimeHost[] {
  const hosts = (input.oneTimeHosts ?? []).map(({ address, port, user }) => ({
    address,
    port: port ?? 22,
    user: user ?? 'root',
  }));
  for (const host of hosts) {
    const invalid = checkHost(host) ?? checkHost({ name: host.address });
    if (invalid) refuseInput('oneTimeHosts', `${JSON.stringify(host.address.slice(0, 100))}: ${invalid.message}`);
    if (host.port === 0) refuseInput('oneTimeHosts', 'The port must be a number from 1 to 65535.');
  }
  if (new Set(hosts.map(({ address }) => address)).size < hosts.length)
    refuseInput('oneTimeHosts', 'A host is named twice. Name each host once.');
  return hosts;
}
