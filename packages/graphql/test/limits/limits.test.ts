import { getIntrospectionQuery } from 'graphql';
import { describe, expect, test } from 'vitest';
import { startTestServer, type RawAnswer, type TestServer } from '../support/test-server.ts';

async function asked(server: TestServer, body: unknown, headers: Record<string, string> = {}): Promise<RawAnswer> {
  return server.post(body, { authorization: `Bearer ${await server.token('ada')}`, ...headers });
}

const deep = (levels: number) =>
  `{ host(name: "x") ${'{ currentJob { entries { host '.repeat(levels)}{ id }${' } } }'.repeat(levels)} }`;

/** What people try. Each must be refused before it runs, in words, and quickly. */
const attacks: readonly (readonly [string, string, string])[] = [
  ['a deep query', deep(5), 'AT_QUERY_TOO_LARGE'],
  ['a very deep query', deep(400), 'AT_QUERY_TOO_LARGE'],
  ['many aliases', `{ ${Array.from({ length: 60 }, (_, n) => `a${n}: version`).join(' ')} }`, 'AT_QUERY_TOO_LARGE'],
  [
    'aliases of something expensive',
    `{ ${Array.from({ length: 40 }, (_, n) => `a${n}: jobs(first: 100) { edges { node { id name owner entries { id } } } }`).join(' ')} }`,
    'AT_QUERY_TOO_LARGE',
  ],
  [
    'lists in lists',
    '{ jobs(first: 100) { edges { node { results { metrics { name value unit } } } } } }',
    'AT_QUERY_TOO_LARGE',
  ],
  ['more text than a query needs', `{ ${'version '.repeat(6000)} }`, 'GRAPHQL_PARSE_FAILED'],
  [
    'fragments that go round',
    '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A version }',
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    'fragments that double again and again',
    `{ ...F0 } ${Array.from({ length: 40 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} ...F${n + 1} }`).join(' ')} fragment F40 on Query { hosts(first: 1000) { edges { node { id name labels tasks { id } } } } }`,
    'AT_QUERY_TOO_LARGE',
  ],
  ['an unknown field', '{ people { login } }', 'GRAPHQL_VALIDATION_FAILED'],
  ['no GraphQL at all', 'SELECT * FROM users', 'GRAPHQL_PARSE_FAILED'],
  ['an unfinished text', '{ me { login ', 'GRAPHQL_PARSE_FAILED'],
];

describe('a query that asks for too much', () => {
  test.for(attacks)('%s', async ([, query, code]) => {
    const server = await startTestServer();
    const { status, body } = await asked(server, { query });
    expect(status).toBe(400);
    expect(body.data ?? null).toBeNull();
    expect(body.errors?.[0]?.extensions.code).toBe(code);
    expect(JSON.stringify(body)).not.toMatch(/stack|node_modules|\.ts:/);
  });

  test('is refused by its variables too', async () => {
    const server = await startTestServer();
    const query =
      'query ($n: Int) { hosts(first: $n) { edges { node { id tasks(first: 100) { id kind host { id name } } } } } }';
    expect((await asked(server, { query, variables: { n: 1 } })).status).toBe(200);
    expect((await asked(server, { query, variables: { n: 1000 } })).body.errors?.[0]?.extensions.code).toBe(
      'AT_QUERY_TOO_LARGE',
    );
  });

  test.for([
    ['jobs', 101],
    ['jobs', 0],
    ['jobs', -1],
    ['hosts', 1001],
  ] as const)('%s(first: %i) is refused with the range that is allowed', async ([field, first]) => {
    const server = await startTestServer();
    const { body } = await asked(server, { query: `{ ${field}(first: ${first}) { edges { cursor } } }` });
    expect(body.errors?.[0]).toMatchObject({
      message: expect.stringMatching(/from 1 to 10*/),
      extensions: { code: 'AT_INPUT_INVALID' },
    });
  });

  test.for([
    ['introspection of a signed-in person', getIntrospectionQuery()],
    [
      'a page of jobs',
      '{ jobs(first: 100) { edges { cursor node { id name owner state outcome counts { total pass fail } entries { id state host { name } } } } } }',
    ],
    ['all hosts', '{ hosts(first: 1000) { edges { node { id name state labels currentJob { id name } } } } }'],
  ])('%s is not', async ([, query]) => {
    const { status, body } = await asked(await startTestServer(), { query });
    expect(body.errors).toBeUndefined();
    expect(status).toBe(200);
  });
});

describe('a request', () => {
  test('of several operations at once is refused', async () => {
    const { status, body } = await asked(await startTestServer(), [{ query: '{ version }' }, { query: '{ version }' }]);
    expect(status).toBe(400);
    expect(body.data).toBeUndefined();
  });

  test('that a form of another page can send is refused', async () => {
    const server = await startTestServer();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const { status } = await asked(server, JSON.stringify({ query: '{ version }' }), { 'content-type': type });
      expect(status).toBe(400);
    }
  });

  test('with GET is refused', async () => {
    const { server, token } = await startTestServer();
    const headers = { authorization: `Bearer ${await token('ada')}`, 'apollo-require-preflight': '1' };
    const response = await fetch(`${server.url}/graphql?query={version}`, { headers });
    expect(response.status).toBe(405);
  });

  test.for(['{', 'nonsense', '{"query":1}', '[]', 'null', '{}', '{"query":"{version}","variables":"x"}'])(
    'with the body %s gets an answer in words',
    async (text) => {
      const { status, body } = await asked(await startTestServer(), text);
      expect(status).toBe(400);
      expect(body.errors?.[0]?.message).toBeTruthy();
      expect(JSON.stringify(body)).not.toMatch(/stack|node_modules|at .*\.js/);
    },
  );
});
