import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database, Role, TokenRow } from '@autotest/core/db';
import { makeTestDatabase } from '@autotest/core/testing';
import { createLog } from '@autotest/core';
import { onTestFinished } from 'vitest';
import { startServer, type Server, type ServerOptions } from '../../src/index.ts';
import { connect, type Connection } from '../../src/client/index.ts';
import { hashSecret, newSecret } from '../../src/auth/tokens.ts';

export interface TestServer {
  readonly database: Database;
  readonly server: Server;
  readonly dataDir: string;
  /** Lines of the server's log. */
  readonly logLines: string[];
  /** A user with this role and the secret of a token. Same login, same user. */
  readonly token: (login: string, role?: Role, kind?: TokenRow['kind'], expiresAt?: number) => Promise<string>;
  /** A connection as a user. */
  readonly as: (login: string, role?: Role) => Promise<Connection>;
  /** A raw request; gives status, headers and body. */
  readonly post: (body: unknown, headers?: Record<string, string>) => Promise<RawAnswer>;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    data?: Record<string, unknown> | null;
    errors?: { message: string; extensions: { code: string } }[];
  };
}

/** A server on a fresh database and directory; ends with the test. */
export async function startTestServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'autotest-graphql-'));
  const database = await makeTestDatabase();
  const logLines: string[] = [];
  const log = createLog({ write: (line) => logLines.push(line) });
  const server = await startServer({ database, dataDir, port: 0, log, ...options });
  const connections: Connection[] = [];
  onTestFinished(async () => {
    for (const connection of connections) await connection.close();
    await server.close();
    await database.close();
    await rm(dataDir, { recursive: true });
  });

  async function token(
    login: string,
    role: Role = 'admin',
    kind: TokenRow['kind'] = 'api',
    expiresAt?: number,
  ): Promise<string> {
    const user = (await database.users.byLogin(login)) ?? (await database.users.add({ login, role }));
    const secret = newSecret();
    await database.users.addToken({
      userId: user.id,
      name: 'test',
      kind,
      secretHash: hashSecret(secret),
      ...(expiresAt !== undefined && { expiresAt }),
    });
    return secret;
  }

  return {
    database,
    server,
    dataDir,
    logLines,
    token,
    async as(login, role) {
      const connection = connect({ url: server.url, token: await token(login, role) });
      connections.push(connection);
      return connection;
    },
    async post(body, headers = {}) {
      const response = await fetch(`${server.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: JSON.parse(text) };
    },
  };
}
