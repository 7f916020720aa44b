import { describe, expect, test } from 'vitest';
import {
  AddHostDocument,
  HostDocument,
  HostsDocument,
  UpdateHostDocument,
  type AddHostInput,
  type UpdateHostInput,
} from '../../src/client/index.ts';
import { startTestServer } from '../support/test-server.ts';

async function start() {
  const server = await startTestServer();
  const api = await server.as('ada', 'admin');
  return {
    ...server,
    api,
    add: async (input: AddHostInput) => (await api.request(AddHostDocument, { input })).addHost,
    update: async (name: string, input: UpdateHostInput) =>
      (await api.request(UpdateHostDocument, { name, input })).updateHost,
  };
}

describe('addHost', () => {
  test('fills in what is usual', async () => {
    const { add } = await start();
    expect(await add({ name: 'h1.example.org', labels: ['gpu', 'gpu', 'arch:x86_64'] })).toMatchObject({
      host: {
        name: 'h1.example.org',
        address: 'h1.example.org',
        port: 22,
        user: 'root',
        transport: 'ssh',
        labels: ['gpu', 'arch:x86_64'],
        state: 'ready',
        locked: null,
      },
    });
    expect(await add({ name: 'here', transport: 'local', user: 'ada' })).toMatchObject({
      host: { address: 'localhost', transport: 'local' },
    });
    expect(await add({ name: 'six', address: '::1', attributes: { 'reboot-command': 'reboot -f' } })).toMatchObject({
      host: { address: '::1', attributes: { 'reboot-command': 'reboot -f' } },
    });
  });

  test.for([
    ['name', { name: '-oProxyCommand=x' }],
    ['name', { name: '' }],
    ['name', { name: 'a b' }],
    ['name', { name: '../x' }],
    ['name', { name: 'a\n' }],
    ['address', { name: 'h', address: '-oProxyCommand=reboot' }],
    ['address', { name: 'h', address: 'a;b' }],
    ['address', { name: 'h', address: '' }],
    ['port', { name: 'h', port: 65_536 }],
    ['port', { name: 'h', port: 0 }],
    ['port', { name: 'h', port: -22 }],
    ['user', { name: 'h', user: '-l' }],
    ['user', { name: 'h', user: 'a b' }],
    ['keyFile', { name: 'h', keyFile: 'id_ed25519' }],
    ['keyFile', { name: 'h', keyFile: '/x\ny' }],
    ['hostKeys', { name: 'h', hostKeys: ['nonsense'] }],
    ['hostKeys', { name: 'h', hostKeys: ['ssh-ed25519 AAAA\nevil'] }],
    ['labels', { name: 'h', labels: [''] }],
    ['labels', { name: 'h', labels: ['a\tb'] }],
    ['labels', { name: 'h', labels: ['key:'] }],
    ['attributes', { name: 'h', attributes: [] }],
    ['attributes', { name: 'h', attributes: { a: 1 } }],
    ['attributes', { name: 'h', attributes: { power: 'ipmy://bmc' } }],
    ['attributes', { name: 'h', attributes: { console: 'tcp://conserver' } }],
  ] as [string, AddHostInput][])('refuses the %s of %j', async ([field, input]) => {
    const { add, database } = await start();
    expect(await add(input)).toMatchObject({
      __typename: 'InputInvalid',
      path: ['input', field],
      message: expect.stringContaining(`The ${field}`),
    });
    expect(await database.hosts.all()).toEqual([]);
  });

  test('refuses a name that is taken', async () => {
    const { add } = await start();
    await add({ name: 'h1' });
    expect(await add({ name: 'h1' })).toMatchObject({
      __typename: 'InputInvalid',
      code: 'AT_ALREADY_EXISTS',
      path: ['input', 'name'],
    });
  });
});

describe('updateHost', () => {
  test('changes what is named and nothing else', async () => {
    const { add, update } = await start();
    await add({ name: 'h1', labels: ['a'], port: 2222 });
    expect(await update('h1', { labels: ['b'], draining: true, user: 'tester' })).toMatchObject({
      host: { labels: ['b'], draining: true, user: 'tester', port: 2222 },
    });
    expect(await update('h1', { draining: false })).toMatchObject({ host: { labels: ['b'], draining: false } });
  });

  test('takes out of service with the evidence, and back', async () => {
    const { add, update } = await start();
    await add({ name: 'h1' });
    const quarantineReason = 'ate two disks';
    expect(await update('h1', { quarantineReason })).toMatchObject({ host: { quarantineReason } });
    expect(await update('h1', { draining: true })).toMatchObject({ host: { quarantineReason } });
    expect(await update('h1', { quarantineReason: '' })).toMatchObject({ host: { quarantineReason: null } });
  });

  test.for([
    ['quarantineReason', { quarantineReason: 'x'.repeat(1001) }],
    ['address', { address: '-x' }],
    ['attributes', { attributes: { power: 'ipmi://admin:secret@bmc' } }],
  ] as [string, UpdateHostInput][])('refuses a wrong %s', async ([field, input]) => {
    const { add, update } = await start();
    await add({ name: 'h1' });
    expect(await update('h1', input)).toMatchObject({ __typename: 'InputInvalid', path: ['input', field] });
  });

  test('of a host that does not exist says so', async () => {
    expect(await (await start()).update('h9', { draining: true })).toMatchObject({
      __typename: 'InputInvalid',
      code: 'AT_NOT_FOUND',
    });
  });
});

describe('hosts', () => {
  test('are read page by page, by label and state', async () => {
    const { add, api } = await start();
    for (const name of ['b', 'a', 'c']) await add({ name, labels: name === 'b' ? ['gpu'] : [] });
    const names = async (variables: object) => {
      const { hosts } = await api.request(HostsDocument, variables);
      return {
        names: hosts.edges.map(({ node }) => node.name),
        next: hosts.pageInfo.hasNextPage ? hosts.pageInfo.endCursor : null,
      };
    };
    expect(await names({ first: 2 })).toEqual({ names: ['a', 'b'], next: 'b' });
    expect(await names({ first: 2, after: 'b' })).toEqual({ names: ['c'], next: null });
    expect(await names({ label: 'gpu' })).toEqual({ names: ['b'], next: null });
    expect(await names({ state: 'running' })).toEqual({ names: [], next: null });
    expect((await api.request(HostDocument, { name: 'nothing' })).host).toBeNull();
  });
});
