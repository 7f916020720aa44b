import type { Role } from '@autotest/core/db';
import {
  SubmitJobDocument,
  type Connection,
  type SubmitJobInput,
  type SubmitJobMutation,
} from '../../src/client/index.ts';
import { startTestServer, type TestServer } from './test-server.ts';

/** A server with hosts of these labels. */
export async function startWithHosts(
  labels: Readonly<Record<string, readonly string[]>> = { h1: ['arch:x86_64'], h2: ['arch:arm64', 'nic:10g'] },
): Promise<
  TestServer & {
    api: Connection;
    submit: (input: SubmitJobInput, who?: string, role?: Role) => Promise<SubmitJobMutation['submitJob']>;
  }
> {
  const server = await startTestServer();
  for (const [name, hostLabels] of Object.entries(labels))
    await server.database.hosts.add(
      { name, transport: 'ssh', address: name, port: 22, user: 'root', labels: hostLabels },
      'test',
    );
  const api = await server.as('ada', 'user');
  return {
    ...server,
    api,
    async submit(input, who = 'ada', role = 'user') {
      const connection = who === 'ada' ? api : await server.as(who, role);
      return (await connection.request(SubmitJobDocument, { input })).submitJob;
    },
  };
}
