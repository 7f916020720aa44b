import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { cookieName } from '../../src/auth/credentials.ts';
import { endExecution, makeExecution } from '../support/executions.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

/** How each transport lets somebody in, given an `Authorization` header, a cookie and, for sockets, a token of `connection_init`. */
interface Credentials {
  readonly authorization?: string;
  readonly cookie?: string;
  readonly initToken?: unknown;
}
type Transport = (server: TestServer, credentials: Credentials) => Promise<'in' | 'out'>;

const http: Transport = async ({ post }, { authorization, cookie }) => {
  const { status, body } = await post({ query: '{ me { login } }' }, headersOf({ authorization, cookie }));
  if (status === 200) return 'in';
  expect(status).toBe(401);
  expect(body.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  return 'out';
};

const socket: Transport = async ({ server }, { authorization, cookie, initToken }) => {
  const code = await openSocket(server.url, headersOf({ authorization, cookie }), initToken);
  if (code === 'acknowledged') return 'in';
  expect(code).toBe(4401);
  return 'out';
};

const files: Transport = async (server, { authorization, cookie }) => {
  const execution = await makeExecution(server.database, server.dataDir, { 'status.log': 'START\n' });
  const response = await fetch(`${server.server.url}/results/${execution.id}/status.log`, {
    headers: headersOf({ authorization, cookie }),
  });
  const text = await response.text();
  if (response.status === 200) return text === 'START\n' ? 'in' : 'out';
  expect(response.status).toBe(401);
  expect(text).not.toContain('START');
  return 'out';
};

function headersOf({ authorization, cookie }: Credentials): Record<string, string> {
  return { ...(authorization !== undefined && { authorization }), ...(cookie !== undefined && { cookie }) };
}

/** Opens a socket; gives its close code, or that it was acknowledged. */
async function openSocket(
  url: string,
  headers: Record<string, string>,
  token?: unknown,
): Promise<number | 'acknowledged'> {
  const webSocket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
  await once(webSocket, 'open');
  const closed = once(webSocket, 'close').then(([code]) => Number(code));
  const acknowledged = once(webSocket, 'message').then(() => 'acknowledged' as const);
  webSocket.send(JSON.stringify({ type: 'connection_init', ...(token !== undefined && { payload: { token } }) }));
  const answer = await Promise.race([closed, acknowledged]);
  webSocket.close();
  await closed;
  return answer;
}

const transports = { http, socket, files };
const soon = Date.now() + 3_600_000;
const cases: readonly {
  readonly title: string;
  readonly expected: 'in' | 'out';
  readonly only?: readonly (keyof typeof transports)[];
  readonly credentials: (server: TestServer) => Promise<Credentials>;
}[] = [
  { title: 'nothing', expected: 'out', credentials: async () => ({}) },
  { title: 'an API token', expected: 'in', credentials: async ({ token }) => bearer(await token('ada')) },
  {
    title: 'a session in a cookie',
    expected: 'in',
    credentials: async (server) => cookieOf(server, await server.token('ada', 'user', 'session', soon)),
  },
  {
    title: 'a session as a bearer',
    expected: 'in',
    credentials: async ({ token }) => bearer(await token('ada', 'viewer', 'session', soon)),
  },
  {
    title: 'an expired session',
    expected: 'out',
    credentials: async (server) => cookieOf(server, await server.token('ada', 'admin', 'session', Date.now() - 1)),
  },
  {
    title: 'a login token, which must be exchanged first',
    expected: 'out',
    credentials: async ({ token }) => bearer(await token('ada', 'admin', 'login', soon)),
  },
  { title: 'a token of nobody', expected: 'out', credentials: async () => bearer('A'.repeat(43)) },
  { title: 'garbage', expected: 'out', credentials: async () => ({ authorization: 'Bearer \u00e4\u00f6 ..' }) },
  { title: 'an empty bearer', expected: 'out', credentials: async () => ({ authorization: 'Bearer ' }) },
  {
    title: 'a good token under another scheme',
    expected: 'out',
    credentials: async ({ token }) => ({ authorization: `Basic ${await token('ada')}` }),
  },
  {
    title: 'a good token with something behind it',
    expected: 'out',
    credentials: async ({ token }) => ({ authorization: `Bearer ${await token('ada')}x` }),
  },
  {
    title: 'a wrong header beside a good cookie',
    expected: 'out',
    credentials: async (server) => ({
      ...(await cookieOf(server, await server.token('ada', 'user', 'session', soon))),
      authorization: `Bearer ${'A'.repeat(43)}`,
    }),
  },
  {
    title: 'two cookies of that name',
    expected: 'out',
    credentials: async (server) => {
      const { cookie } = await cookieOf(server, await server.token('ada', 'user', 'session', soon));
      return { cookie: `${cookie}; ${cookie.slice(0, -43)}${'A'.repeat(43)}` };
    },
  },
  {
    title: 'a revoked token',
    expected: 'out',
    credentials: async ({ token, database }) => {
      const secret = await token('ada');
      const { hashSecret } = await import('../../src/auth/tokens.ts');
      const found = await database.users.byTokenHash(hashSecret(secret), Date.now());
      await database.users.revokeToken(found?.token.id ?? 0);
      return bearer(secret);
    },
  },
  {
    title: 'a token in connection_init',
    expected: 'in',
    only: ['socket'],
    credentials: async ({ token }) => ({ initToken: await token('ada') }),
  },
  {
    title: 'a wrong token in connection_init beside a good cookie',
    expected: 'out',
    only: ['socket'],
    credentials: async (server) => ({
      ...(await cookieOf(server, await server.token('ada', 'user', 'session', soon))),
      initToken: 'nonsense',
    }),
  },
  {
    title: 'an object as token',
    expected: 'out',
    only: ['socket'],
    credentials: async () => ({ initToken: { a: 1 } }),
  },
];

function bearer(secret: string): { authorization: string } {
  return { authorization: `Bearer ${secret}` };
}

async function cookieOf({ server }: TestServer, secret: string): Promise<{ cookie: string }> {
  return { cookie: `other=1; ${cookieName(server.port)}=${secret}` };
}

describe.for(['http', 'socket', 'files'] as const)('over %s', (name) => {
  const own = cases.filter(({ only }) => only === undefined || only.includes(name));
  test.for(own)('$title lets nobody in who should be out: $expected', async ({ expected, credentials }) => {
    const server = await startTestServer();
    expect(await transports[name](server, await credentials(server))).toBe(expected);
  });
});

describe('a WebSocket', () => {
  test('is refused with 4403 for a page of another origin, even with a good cookie', async () => {
    const server = await startTestServer();
    const cookie = await cookieOf(server, await server.token('ada', 'admin', 'session', soon));
    const { url } = server.server;
    expect(await openSocket(url, { ...cookie, origin: 'https://evil.example' })).toBe(4403);
    expect(await openSocket(url, { ...cookie, origin: 'null' })).toBe(4403);
    expect(await openSocket(url, { ...cookie, origin: `${url}.evil.example` })).toBe(4403);
    expect(await openSocket(url, { ...cookie, origin: url })).toBe('acknowledged');
  });

  test('is let in for the public address', async () => {
    const server = await startTestServer({ publicUrl: 'https://tests.example.org' });
    const cookie = await cookieOf(server, await server.token('ada', 'admin', 'session', soon));
    expect(await openSocket(server.server.url, { ...cookie, origin: 'https://tests.example.org' })).toBe(
      'acknowledged',
    );
  });
});

describe('files', () => {
  test('are not told apart for people who are out: there or not, finished or not', async () => {
    const server = await startTestServer();
    const execution = await makeExecution(server.database, server.dataDir, { 'status.log': 'START\n' });
    await endExecution(server.database, execution.id);
    for (const path of [`${execution.id}/status.log`, `${execution.id}/nothing`, '99/x'])
      expect((await fetch(`${server.server.url}/results/${path}`)).status).toBe(401);
  });
});
