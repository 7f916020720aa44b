import { describe, expect, test } from 'vitest';
import {
  AccountsDocument,
  AddUserDocument,
  CreateLoginLinkDocument,
  DeleteLabelDocument,
  DispatchersDocument,
  LabelsDocument,
  LoginDocument,
  MeDocument,
  RemoveAccountDocument,
  RemoveUserDocument,
  SetAccountDocument,
  SetDispatcherDrainingDocument,
  SetLabelDocument,
  UpdateUserDocument,
  UsersDocument,
  type Connection,
} from '../../src/client/index.ts';
import { startLab } from '../support/api.ts';

function tokenIn(url: string): string {
  return new URL(url).hash.replace('#/login?token=', '');
}

describe('users', () => {
  test('are added with a link that signs them in, and a token where that is asked for', async () => {
    const { people, post, server } = await startLab([]);
    const { root } = people;
    const { addUser } = await root.request(AddUserDocument, { login: 'eve', role: 'viewer', team: 'net', token: 'ci' });
    expect(addUser.user).toMatchObject({ login: 'eve', role: 'viewer', team: 'net' });
    const login = await root.request(LoginDocument, { token: tokenIn(addUser.loginUrl) });
    expect(login.login.user).toEqual(addUser.user);
    const { body } = await post({ query: '{ me { login } }' }, { authorization: `Bearer ${addUser.token}` });
    expect(body.data).toEqual({ me: { login: 'eve' } });
    const plain = await root.request(AddUserDocument, { login: 'bob' });
    expect(plain.addUser).toMatchObject({ user: { role: 'user', team: null }, token: null });
    expect(plain.addUser.loginUrl.startsWith(server.url)).toBe(true);
    await expect(root.request(AddUserDocument, { login: 'bob' })).rejects.toMatchObject({ code: 'AT_ALREADY_EXISTS' });
    expect((await root.request(UsersDocument)).users.map((user) => user.login)).toEqual(['root', 'eve', 'bob']);
  });

  test.for(['', '../x', 'a b', '-x', 'é', 'x'.repeat(65)])('with the login %j are refused', async (login) => {
    const { people } = await startLab([]);
    await expect(people.root.request(AddUserDocument, { login })).rejects.toMatchObject({ code: 'AT_INPUT_INVALID' });
  });

  test('change their team and role', async () => {
    const { root } = (await startLab(['anna'])).people;
    const change = async (variables: object) =>
      (await root.request(UpdateUserDocument, { login: 'anna', ...variables })).updateUser;
    expect(await change({ team: 'kernel' })).toMatchObject({ role: 'user', team: 'kernel' });
    expect(await change({ role: 'viewer' })).toMatchObject({ role: 'viewer', team: 'kernel' });
    expect(await change({ team: null })).toMatchObject({ role: 'viewer', team: null });
    await expect(root.request(UpdateUserDocument, { login: 'nobody' })).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  test('that are removed are signed out, and nobody removes or demotes oneself', async () => {
    const { root, anna } = (await startLab(['anna'])).people;
    await anna.request(MeDocument);
    expect((await root.request(RemoveUserDocument, { login: 'anna' })).removeUser).toBe(true);
    await expect(anna.request(MeDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const own = { code: 'AT_INPUT_INVALID' };
    await expect(root.request(RemoveUserDocument, { login: 'root' })).rejects.toMatchObject(own);
    await expect(root.request(UpdateUserDocument, { login: 'root', role: 'user' })).rejects.toMatchObject(own);
  });

  test('get a login link of their own, and of others when they are administrators', async () => {
    const { people, post } = await startLab(['anna']);
    const { root, anna } = people;
    const link = async (api: Connection, login?: string) =>
      (await api.request(CreateLoginLinkDocument, login === undefined ? {} : { login })).createLoginLink.url;
    for (const url of [await link(root, 'anna'), await link(anna), await link(anna, 'anna')]) {
      const { body } = await post({ query: `mutation { login(token: "${tokenIn(url)}") { user { login } } }` });
      expect(body.data).toEqual({ login: { user: { login: 'anna' } } });
    }
    await expect(link(anna, 'root')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(link(root, 'nobody')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });
});

describe('accounts', () => {
  test('are those of users and teams, with what was set', async () => {
    const { people, database } = await startLab(['anna', 'bob']);
    const { root } = people;
    const bob = await database.users.byLogin('bob');
    await database.users.update(bob?.id ?? 0, { team: 'net' }, 'root');
    const set = async (variables: { name: string; weight?: number; maxHosts?: number | null }) =>
      (await root.request(SetAccountDocument, variables)).setAccount;
    const usual = { weight: 1, maxHosts: null, heldHosts: 0 };
    expect(await set({ name: 'net', maxHosts: 3 })).toEqual({ ...usual, name: 'net', maxHosts: 3 });
    expect(await set({ name: 'net', weight: 2 })).toMatchObject({ weight: 2, maxHosts: 3 });
    expect(await set({ name: 'net', maxHosts: 0 })).toMatchObject({ maxHosts: 0 });
    expect(await set({ name: 'net', maxHosts: null })).toMatchObject({ weight: 2, maxHosts: null });
    expect((await root.request(AccountsDocument)).accounts).toEqual([
      { ...usual, name: 'anna' },
      { ...usual, name: 'net', weight: 2 },
      { ...usual, name: 'root' },
    ]);
    await root.request(RemoveAccountDocument, { name: 'net' });
    expect((await root.request(AccountsDocument)).accounts[1]).toEqual({ ...usual, name: 'net' });
    await expect(root.request(RemoveAccountDocument, { name: 'net' })).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  test.for([{ weight: 0 }, { weight: -1 }, { weight: 1001 }, { maxHosts: -1 }])('refuse %j', async (input) => {
    const { people } = await startLab([]);
    await expect(people.root.request(SetAccountDocument, { name: 'net', ...input })).rejects.toMatchObject({
      code: 'AT_INPUT_INVALID',
    });
  });
});

describe('labels', () => {
  test('are described, counted and deleted', async () => {
    const { people, database } = await startLab([]);
    const { root } = people;
    const ids = (await database.hosts.all()).map(({ id }) => id);
    await database.hosts.updateLabels(ids, { add: ['gpu'] }, 'root');
    const gpu = { name: 'gpu', description: 'Has a GPU', onlyIfNeeded: false, hosts: 2 };
    const described = await root.request(SetLabelDocument, { name: 'gpu', description: 'Has a GPU' });
    expect(described.setLabel).toEqual(gpu);
    const { setLabel } = await root.request(SetLabelDocument, { name: 'gpu', onlyIfNeeded: true });
    expect(setLabel).toEqual({ ...gpu, onlyIfNeeded: true });
    expect((await root.request(LabelsDocument)).labels).toEqual([setLabel]);
    expect((await root.request(DeleteLabelDocument, { name: 'gpu' })).deleteLabel.hosts).toBe(2);
    await expect(root.request(DeleteLabelDocument, { name: 'gpu' })).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    await expect(root.request(SetLabelDocument, { name: 'a:' })).rejects.toMatchObject({ code: 'AT_INPUT_INVALID' });
  });
});

describe('dispatchers', () => {
  test('are shown with what keeps them, and drained', async () => {
    const { people, database } = await startLab([]);
    const { root } = people;
    const facts = { id: 'm1', machine: 'm1.example.org', pid: 7, startedAt: 1, maxExecutions: 20, pools: ['arm'] };
    const epoch = await database.scheduling.register(facts);
    await database.scheduling.beat({ id: 'm1', epoch, shortage: 'The disk is full.' });
    const [shown] = (await root.request(DispatchersDocument)).dispatchers;
    expect(shown).toMatchObject({
      id: 'm1',
      machine: 'm1.example.org',
      epoch: 1,
      maxExecutions: 20,
      executions: 0,
      pools: ['arm'],
      onlyUsers: null,
      draining: false,
      shortage: 'The disk is full.',
    });
    expect(shown?.heartbeatAge).toBeGreaterThanOrEqual(0);
    for (const draining of [true, false]) {
      const { setDispatcherDraining } = await root.request(SetDispatcherDrainingDocument, { id: 'm1', draining });
      expect(setDispatcherDraining.draining).toBe(draining);
    }
    await expect(root.request(SetDispatcherDrainingDocument, { id: 'x', draining: true })).rejects.toMatchObject({
      code: 'AT_NOT_FOUND',
    });
  });
});
