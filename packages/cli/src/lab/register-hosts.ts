import { AddHostDocument, type Connection } from '@autotest/graphql/client';
import type { HostFacts } from '@autotest/lab';
import { updateHost } from '../api/update-host.ts';
import { RefusedError } from '../errors.ts';

/** Adds the hosts to a server; those that it knows of an earlier lab get the new address, keys and attributes. @throws RefusedError */
export async function registerHosts(server: Connection, hosts: readonly HostFacts[]): Promise<void> {
  for (const { name, address, port, user, keyFile, hostKey, labels, attributes } of hosts) {
    const facts = { address, port, user, keyFile, hostKeys: [hostKey], labels: [...labels], attributes };
    const { addHost } = await server.request(AddHostDocument, { input: { name, ...facts } });
    if (addHost.__typename === 'HostSuccess') continue;
    if (addHost.code !== 'AT_ALREADY_EXISTS') throw new RefusedError(addHost.code, addHost.message);
    await updateHost(server, name, facts);
  }
}
