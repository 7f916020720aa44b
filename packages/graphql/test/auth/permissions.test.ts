import type { Role } from '@autotest/core/db';
import { describe, expect, test } from 'vitest';
import { buildApiSchema } from '../../src/schema/build-schema.ts';
import { controlSource } from '../support/control-files.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

type Who = 'viewer' | 'user' | 'owner' | 'admin';
const everyone: readonly Who[] = ['viewer', 'user', 'owner', 'admin'];
const users: readonly Who[] = ['user', 'owner', 'admin'];

/** Every mutation, with who may run it. A mutation that is not here fails the test below. */
const mutations: Record<string, { query: string; variables?: Record<string, unknown>; may: readonly Who[] }> = {
  login: { query: 'mutation { login(token: "x") { sessionToken } }', may: [] },
  logout: { query: 'mutation { logout }', may: everyone },
  createToken: { query: 'mutation { createToken(name: "x") { token } }', may: everyone },
  createLoginLink: { query: 'mutation { createLoginLink { url } }', may: everyone },
  submitJob: {
    query: 'mutation ($input: SubmitJobInput!) { submitJob(input: $input) { __typename } }',
    variables: { input: { source: controlSource(), hosts: ['h1'] } },
    may: ['user', 'owner', 'admin'],
  },
  abortJob: { query: 'mutation { abortJob(id: "1") { entries } }', may: ['owner', 'admin'] },
  createSuite: {
    query: 'mutation ($input: CreateSuiteInput!) { createSuite(input: $input) { __typename } }',
    variables: { input: { name: 's', jobs: [{ job: { source: controlSource(), hosts: ['h1'] } }] } },
    may: ['user', 'owner', 'admin'],
  },
  abortSuite: { query: 'mutation { abortSuite(id: "1") { entries } }', may: ['owner', 'admin'] },
  addRecurring: {
    query: 'mutation ($input: AddRecurringInput!) { addRecurring(input: $input) { __typename } }',
    variables: { input: { job: { source: controlSource(), hosts: ['h1'] }, schedule: { every: 60_000 } } },
    may: ['user', 'owner', 'admin'],
  },
  updateRecurring: {
    query: 'mutation { updateRecurring(id: "1", input: { enabled: false }) { __typename } }',
    may: ['owner', 'admin'],
  },
  removeRecurring: { query: 'mutation { removeRecurring(id: "1") }', may: ['owner', 'admin'] },
  runRecurring: { query: 'mutation { runRecurring(id: "1") { __typename } }', may: ['owner', 'admin'] },
  addHost: { query: 'mutation { addHost(input: { name: "h2" }) { __typename } }', may: ['admin'] },
  updateHost: {
    query: 'mutation { updateHost(name: "h1", input: { draining: true }) { __typename } }',
    may: ['admin'],
  },
  lockHost: { query: 'mutation { lockHost(name: "h1", reason: "x") { id } }', may: users },
  unlockHost: { query: 'mutation { unlockHost(name: "h1") { id } }', may: users },
  reserveHost: { query: 'mutation { reserveHost(name: "h1", for: 60000) { id } }', may: users },
  extendReservation: {
    query: `mutation { reserveHost(name: "h1", for: 60000) { id } extendReservation(name: "h1", for: 60000) { id } }`,
    may: users,
  },
  releaseHost: { query: 'mutation { releaseHost(name: "h1") { id } }', may: users },
  requestTask: { query: 'mutation { requestTask(host: "h1", kind: verify) { repeated } }', may: users },
  updateHostLabels: { query: 'mutation { updateHostLabels(hosts: ["h1"], add: ["x"]) { id } }', may: ['admin'] },
  addUser: { query: 'mutation { addUser(login: "eve") { loginUrl } }', may: ['admin'] },
  updateUser: { query: 'mutation { updateUser(login: "owner", team: "x") { id } }', may: ['admin'] },
  removeUser: { query: 'mutation { removeUser(login: "owner") }', may: ['admin'] },
  createAclGroup: { query: 'mutation { createAclGroup(name: "y") { id } }', may: ['admin'] },
  updateAclGroup: {
    query: 'mutation { updateAclGroup(name: "x", input: { addHosts: ["h1"] }) { id } }',
    may: ['admin'],
  },
  deleteAclGroup: { query: 'mutation { deleteAclGroup(name: "x") }', may: ['admin'] },
  setLabel: { query: 'mutation { setLabel(name: "x") { hosts } }', may: ['admin'] },
  deleteLabel: { query: 'mutation { deleteLabel(name: "gpu") { hosts } }', may: ['admin'] },
  setAccount: { query: 'mutation { setAccount(name: "x", weight: 2) { name } }', may: ['admin'] },
  removeAccount: { query: 'mutation { removeAccount(name: "y") }', may: ['admin'] },
  setDispatcherDraining: {
    query: 'mutation { setDispatcherDraining(id: "d1", draining: true) { id } }',
    may: ['admin'],
  },
  addNotificationRule: {
    query: 'mutation { addNotificationRule(input: { target: "a@example.org" }) { __typename } }',
    may: ['user', 'owner', 'admin'],
  },
  updateNotificationRule: {
    query: 'mutation { updateNotificationRule(id: "1", input: { enabled: false }) { __typename } }',
    may: ['owner', 'admin'],
  },
  removeNotificationRule: { query: 'mutation { removeNotificationRule(id: "1") }', may: ['owner', 'admin'] },
  testNotificationRule: { query: 'mutation { testNotificationRule(id: "1") { id } }', may: ['owner', 'admin'] },
  redeliverNotification: { query: 'mutation { redeliverNotification(id: "1") { id } }', may: ['owner', 'admin'] },
};
const roleOf: Readonly<Record<Who, Role>> = { viewer: 'viewer', user: 'user', owner: 'user', admin: 'admin' };

/** A server with a job, a suite and a recurring job of `owner`, each with the id 1. */
async function startWithJob(): Promise<TestServer> {
  const server = await startTestServer();
  const { database } = server;
  await database.hosts.add(
    { name: 'h1', transport: 'ssh', address: 'h1', port: 22, user: 'root', labels: ['gpu'] },
    'test',
  );
  await database.access.create({ name: 'x' }, 'test');
  await database.accounts.set({ name: 'y', weight: 2 }, 'test');
  await database.scheduling.register({ id: 'd1', machine: 'm', pid: 1, startedAt: 1, maxExecutions: 1, pools: [] });
  const { notifications } = database;
  const rule = await notifications.addRule({ owner: 'owner', channel: 'mail', target: 'owner@example.org' });
  await notifications.enqueueTest(rule.id, '{}', 'owner');
  const authorization = `Bearer ${await server.token('owner', 'user')}`;
  for (const mutation of [mutations.submitJob, mutations.createSuite, mutations.addRecurring])
    await server.post({ query: mutation?.query, variables: mutation?.variables }, { authorization });
  return server;
}

describe('mutations', () => {
  test('are all in this table', () => {
    const fields = buildApiSchema().getMutationType()?.getFields() ?? {};
    expect(Object.keys(mutations).sort()).toEqual(Object.keys(fields).sort());
  });

  test.for(Object.entries(mutations).flatMap(([name, mutation]) => everyone.map((who) => ({ name, who, mutation }))))(
    '$name by $who',
    async ({ name, who, mutation: { query, variables, may } }) => {
      const server = await startWithJob();
      const authorization = `Bearer ${await server.token(who, roleOf[who])}`;
      const { body } = await server.post({ query, variables }, { authorization });
      const code = body.errors?.[0]?.extensions.code;
      if (may.includes(who)) expect(code).toBeUndefined();
      else expect(code).toBe(name === 'login' ? 'UNAUTHENTICATED' : 'FORBIDDEN');
    },
  );

  test('that are forbidden change nothing', async () => {
    const { database, post, token } = await startWithJob();
    const authorization = `Bearer ${await token('viewer', 'viewer')}`;
    const before = await database.events.latestId();
    for (const { query, variables, may } of Object.values(mutations))
      if (!may.includes('viewer')) await post({ query, variables }, { authorization });
    expect(await database.events.latestId()).toBe(before);
    expect((await database.jobs.entries(1))[0]?.abortRequested).toBe(false);
  });

  test('are decided by the job that is loaded, not by a name that looks like the owner', async () => {
    const { post, token } = await startWithJob();
    const authorization = `Bearer ${await token('owner2', 'user')}`;
    const { body } = await post(
      { query: 'mutation { abortJob(id: "1", reason: "mine") { entries } }' },
      { authorization },
    );
    expect(body.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});
