import { describe, expect, test } from 'vitest';
import { cookieName } from '../../src/auth/credentials.ts';
import { createFirstAdmin } from '../../src/index.ts';
import { startTestServer } from '../support/test-server.ts';

const login = 'mutation ($token: String!) { login(token: $token) { sessionToken user { login role } } }';

describe('a login link', () => {
  test('signs in once and sets a cookie that scripts cannot read', async () => {
    const { server, database, post } = await startTestServer();
    expect(await createFirstAdmin(database, 'ada')).toMatchObject({ created: true, user: { role: 'admin' } });
    const link = await server.createLoginLink();
    expect(link.startsWith(`${server.url}/#/login?token=`)).toBe(true);
    const token = link.slice(link.indexOf('=') + 1);
    const first = await post({ query: login, variables: { token } });
    expect(first.body.data).toMatchObject({ login: { user: { login: 'ada', role: 'admin' } } });
    const cookie = first.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/; HttpOnly/);
    expect(cookie).toMatch(/; SameSite=Strict/);
    expect(cookie).not.toMatch(/; Secure/);
    const me = await post({ query: '{ me { login } }' }, { cookie: cookie.split(';')[0] ?? '' });
    expect(me.body.data).toEqual({ me: { login: 'ada' } });

    const second = await post({ query: login, variables: { token } });
    expect(second.status).toBe(401);
    expect(second.body.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(second.headers.get('set-cookie')).toBeNull();
  });

  test.for([
    ['garbled', async () => 'nonsense'],
    ['made up', async () => 'A'.repeat(43)],
    ['expired', async ({ token }) => token('ada', 'admin', 'login', Date.now() - 1)],
    ['an API token', async ({ token }) => token('ada', 'admin', 'api')],
    ['a session', async ({ token }) => token('ada', 'admin', 'session')],
  ] as [string, (server: Awaited<ReturnType<typeof startTestServer>>) => Promise<string>][])(
    'does not sign in when its token is %s',
    async ([, make]) => {
      const server = await startTestServer();
      const { status, body } = await server.post({ query: login, variables: { token: await make(server) } });
      expect(status).toBe(401);
      expect(body.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    },
  );

  test('is secure where the server is reached over https', async () => {
    const { server, database, post } = await startTestServer({ publicUrl: 'https://tests.example.org/' });
    await createFirstAdmin(database, 'ada');
    const link = await server.createLoginLink('ada');
    expect(link.startsWith('https://tests.example.org/#/login?token=')).toBe(true);
    const { headers } = await post({ query: login, variables: { token: link.slice(link.indexOf('=') + 1) } });
    expect(headers.get('set-cookie')).toMatch(/; Secure/);
  });
});

describe('without a session', () => {
  test.for([
    ['introspection', '{ __schema { types { name } } }'],
    ['a typename', 'mutation { __typename }'],
    ['login with something beside it', 'mutation { login(token: "x") { sessionToken } logout }'],
    ['login with introspection beside it', 'mutation { login(token: "x") { sessionToken } __typename }'],
    ['a query named login', 'query login { me { login } }'],
    ['an alias that looks like login', 'mutation { login: logout }'],
    ['login in a fragment', 'mutation { ...F } fragment F on Mutation { login(token: "x") { sessionToken } }'],
    ['a second operation', 'mutation A { login(token: "x") { sessionToken } } query B { me { login } }'],
    ['many logins', `mutation { ${'a: login(token: "x") { sessionToken } '.repeat(2)} }`],
    ['no GraphQL', '{{{'],
    ['a subscription', 'subscription { events { id } }'],
  ])('%s is refused with 401 and the same words', async ([, query]) => {
    const { post } = await startTestServer();
    const { status, body } = await post({ query, operationName: query?.includes('query B') ? 'B' : undefined });
    expect(status).toBe(401);
    expect(body).toEqual({
      errors: [{ message: expect.stringContaining('Sign in first'), extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  test('a large body is not even read', async () => {
    const { post } = await startTestServer();
    expect((await post({ query: `# ${'x'.repeat(10_000)}` })).status).toBe(413);
  });
});

describe('logout', () => {
  test('ends the session and deletes the cookie', async () => {
    const server = await startTestServer();
    const secret = await server.token('ada', 'user', 'session', Date.now() + 60_000);
    const cookie = `${cookieName(server.server.port)}=${secret}`;
    const { body, headers } = await server.post({ query: 'mutation { logout }' }, { cookie });
    expect(body.data).toEqual({ logout: true });
    expect(headers.get('set-cookie')).toMatch(/=; .*Max-Age=0/);
    expect((await server.post({ query: '{ me { login } }' }, { cookie })).status).toBe(401);
  });

  test('leaves an API token alone', async () => {
    const server = await startTestServer();
    const authorization = `Bearer ${await server.token('ada')}`;
    expect((await server.post({ query: 'mutation { logout }' }, { authorization })).body.data).toEqual({
      logout: false,
    });
    expect((await server.post({ query: '{ me { login } }' }, { authorization })).status).toBe(200);
  });
});

describe('createFirstAdmin', () => {
  test('makes nobody where there is somebody', async () => {
    const { database } = await startTestServer();
    await database.users.add({ login: 'bob', role: 'viewer' });
    expect(await createFirstAdmin(database, 'ada')).toEqual({ created: false, user: undefined });
    expect(await database.users.count()).toBe(1);
  });
});

describe('secrets', () => {
  test('of tokens and links are nowhere in the database', async () => {
    const server = await startTestServer();
    const api = await server.as('ada');
    const { CreateTokenDocument, CreateLoginLinkDocument } = await import('../../src/client/index.ts');
    const { createToken } = await api.request(CreateTokenDocument, { name: 'ci' });
    const { createLoginLink } = await api.request(CreateLoginLinkDocument);
    const { hashSecret } = await import('../../src/auth/tokens.ts');
    const found = await server.database.users.byTokenHash(hashSecret(createToken.token), Date.now());
    expect(JSON.stringify(found)).not.toContain(createToken.token);
    expect(found?.token).toMatchObject({ kind: 'api', name: 'ci' });
    const link = createLoginLink.url.slice(createLoginLink.url.indexOf('=') + 1);
    expect(
      (await server.database.users.byTokenHash(hashSecret(link), Date.now()))?.token.expiresAt,
    ).toBeLessThanOrEqual(Date.now() + 15 * 60_000);
    expect(server.logLines.join('\n')).not.toContain(createToken.token);
  });
});
