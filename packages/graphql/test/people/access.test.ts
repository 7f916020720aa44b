import { describe, expect, test } from 'vitest';
import {
  AbortJobDocument,
  AclGroupDocument,
  AclGroupsDocument,
  CreateAclGroupDocument,
  DeleteAclGroupDocument,
  SubmitJobDocument,
  UpdateAclGroupDocument,
  type Connection,
  type SubmitJobInput,
} from '../../src/client/index.ts';
import { controlSource } from '../support/control-files.ts';
import { startLab } from '../support/api.ts';

async function submit(api: Connection, input: Partial<SubmitJobInput>) {
  return (await api.request(SubmitJobDocument, { input: { source: controlSource(), ...input } })).submitJob;
}

async function submitted(api: Connection, input: Partial<SubmitJobInput>): Promise<string> {
  const answer = await submit(api, input);
  if (answer.__typename !== 'SubmitJobSuccess') throw new Error(answer.message);
  return answer.job.id;
}

describe('an ACL group', () => {
  test('is made, changed, listed and deleted', async () => {
    const { root } = (await startLab([])).people;
    const input = { description: 'Kernel people', addUsers: ['anna', 'bob'], addHosts: ['h2', 'h1'] };
    const { createAclGroup } = await root.request(CreateAclGroupDocument, { name: 'kernel', input });
    expect(createAclGroup).toMatchObject({
      name: 'kernel',
      description: 'Kernel people',
      users: ['anna', 'bob'],
      hosts: [{ name: 'h1' }, { name: 'h2' }],
    });
    const { updateAclGroup } = await root.request(UpdateAclGroupDocument, {
      name: 'kernel',
      input: { name: 'core', description: null, removeUsers: ['bob'], removeHosts: ['h1'] },
    });
    expect(updateAclGroup).toMatchObject({ id: createAclGroup.id, name: 'core', description: null, users: ['anna'] });
    expect((await root.request(AclGroupDocument, { name: 'core' })).aclGroup).toEqual(updateAclGroup);
    expect((await root.request(DeleteAclGroupDocument, { name: 'core' })).deleteAclGroup).toBe(true);
    expect((await root.request(AclGroupsDocument)).aclGroups).toEqual([]);
  });

  test('is refused whole where a part of it is wrong', async () => {
    const { database, people } = await startLab([]);
    const create = (name: string, input: object) => people.root.request(CreateAclGroupDocument, { name, input });
    await expect(create('kernel', { addHosts: ['h9'] })).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    await expect(create('kernel', { addUsers: ['../x'] })).rejects.toMatchObject({ code: 'AT_INPUT_INVALID' });
    await expect(create(' ', {})).rejects.toMatchObject({ code: 'AT_INPUT_INVALID' });
    expect(await database.access.list()).toEqual([]);
    await create('kernel', {});
    await expect(create('kernel', {})).rejects.toMatchObject({ code: 'AT_ALREADY_EXISTS' });
    await expect(people.root.request(DeleteAclGroupDocument, { name: 'x' })).rejects.toMatchObject({
      code: 'AT_NOT_FOUND',
    });
  });
});

describe('a job', () => {
  test('is not taken for hosts that its owner may not use', async () => {
    const { root, anna, bob } = (await startLab(['anna', 'bob'])).people;
    await root.request(CreateAclGroupDocument, { name: 'kernel', input: { addUsers: ['anna'], addHosts: ['h1'] } });
    expect(await submit(bob, { hosts: ['h1'] })).toMatchObject({
      __typename: 'HostsUnavailable',
      path: ['input', 'hosts'],
      message: expect.stringContaining('h1 needs membership of kernel'),
      nearest: [{ host: 'h1', unmet: ['membership of kernel'] }],
    });
    expect(await submit(bob, { anyHosts: 2 })).toMatchObject({ __typename: 'HostsUnavailable' });
    const taken: [Connection, Partial<SubmitJobInput>][] = [
      [bob, { anyHosts: 1 }],
      [anna, { hosts: ['h1'] }],
      [root, { anyHosts: 2 }],
    ];
    for (const [api, input] of taken)
      expect(await submit(api, input)).toMatchObject({ __typename: 'SubmitJobSuccess' });
  });

  test('is taken for a host that somebody has reserved: it waits', async () => {
    const { database, people } = await startLab(['anna']);
    const host = await database.hosts.byName('h1');
    await database.hosts.reserve(host?.id ?? 0, { by: 'bob', until: Date.now() + 60_000 }, 'bob');
    expect(await submit(people.anna, { hosts: ['h1'] })).toMatchObject({ __typename: 'SubmitJobSuccess' });
  });

  test('counts to the team that its owner was in when it was submitted', async () => {
    const { database, people } = await startLab(['anna']);
    const anna = await database.users.byLogin('anna');
    const alone = await submitted(people.anna, { hosts: ['h1'] });
    await database.users.update(anna?.id ?? 0, { team: 'kernel' }, 'root');
    const together = await submitted(people.anna, { hosts: ['h1'] });
    expect((await database.jobs.byId(Number(alone)))?.account).toBe('anna');
    expect((await database.jobs.byId(Number(together)))?.account).toBe('kernel');
  });
});

describe('aborting somebody else’s job', () => {
  const abort = (api: Connection, id: string) => api.request(AbortJobDocument, { id });
  const refused = { code: 'FORBIDDEN' };

  test('is for members of the groups of all its hosts', async () => {
    const { root, anna, bob } = (await startLab(['anna', 'bob'])).people;
    const change = (name: string, input: object) => root.request(UpdateAclGroupDocument, { name, input });
    for (const name of ['kernel', 'net']) await root.request(CreateAclGroupDocument, { name });
    const id = await submitted(anna, { hosts: ['h1', 'h2'] });
    await expect(abort(bob, id)).rejects.toMatchObject(refused);
    await change('kernel', { addUsers: ['anna', 'bob'], addHosts: ['h1'] });
    await expect(abort(bob, id), 'h2 is in no group').rejects.toMatchObject(refused);
    await change('net', { addUsers: ['anna'], addHosts: ['h2'] });
    await expect(abort(bob, id), 'h2 is in another group').rejects.toMatchObject(refused);
    await change('net', { addUsers: ['bob'] });
    expect((await abort(bob, id)).abortJob.entries).toBe(2);
  });

  test('is not for members of groups while a host is still to be chosen', async () => {
    const { root, anna, bob } = (await startLab(['anna', 'bob'])).people;
    const input = { addUsers: ['anna', 'bob'], addHosts: ['h1', 'h2'] };
    await root.request(CreateAclGroupDocument, { name: 'kernel', input });
    const id = await submitted(anna, { hosts: ['h1'], anyHosts: 1 });
    await expect(abort(bob, id)).rejects.toMatchObject(refused);
    expect((await abort(root, id)).abortJob.entries).toBe(2);
  });

  test('is not for viewers, whatever group they are in', async () => {
    const { people, as } = await startLab(['anna']);
    const input = { addUsers: ['anna', 'vera'], addHosts: ['h1'] };
    await people.root.request(CreateAclGroupDocument, { name: 'kernel', input });
    const id = await submitted(people.anna, { hosts: ['h1'] });
    await expect(abort(await as('vera', 'viewer'), id)).rejects.toMatchObject(refused);
  });
});
