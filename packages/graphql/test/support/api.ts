import type { Role } from '@autotest/core/db';
import type { Connection } from '../../src/client/index.ts';
import { startTestServer, type TestServer } from './test-server.ts';

export const hour = 3_600_000;

/** A server with hosts, and a connection for each login: `root` is an administrator, all others are users. */
export async function startLab<const L extends string>(
  logins: readonly L[],
  hosts: readonly string[] = ['h1', 'h2'],
): Promise<TestServer & { readonly people: Readonly<Record<L | 'root', Connection>> }> {
  const server = await startTestServer();
  for (const name of hosts)
    await server.database.hosts.add({ name, transport: 'ssh', address: name, port: 22, user: 'root' }, 'root');
  const people: [string, Connection][] = [];
  for (const login of ['root', ...logins]) {
    const role: Role = login === 'root' ? 'admin' : 'user';
    people.push([login, await server.as(login, role)]);
  }
  // oxlint-disable-next-line no-unsafe-type-assertion -- one for each login
  return { ...server, people: Object.fromEntries(people) as Record<L | 'root', Connection> };
}
