import type { Database } from '@autotest/core/db';
import { expect, it } from 'vitest';
import { newHost, newJob, only, putBundle, submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

/** Who may use which host, and how much of them: groups, accounts, users. */
export function describePeople(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('leaves a host in no group to everybody, and a host in groups to their members and to administrators', async () => {
    const { access, users } = opened.db;
    const [free, lab, shared] = await addHosts(opened.db, 'free', 'lab', 'shared');
    await users.add({ login: 'root', role: 'admin' });
    const kernel = await access.create({ name: 'kernel' }, 'root');
    const net = await access.create({ name: 'net', description: 'The network people' }, 'root');
    await access.change(kernel.id, { addUsers: ['anna'], addHostIds: [lab, shared] }, 'root');
    await access.change(net.id, { addUsers: ['bob'], addHostIds: [shared] }, 'root');
    const all = [free, lab, shared];
    const expected = { anna: all, bob: [free, shared], eve: [free], root: all };
    for (const [login, hostIds] of Object.entries(expected))
      expect([...(await access.usable(login, all))], login).toEqual(hostIds);
    expect(await access.mayUse('bob', lab)).toBe(false);
    expect(await access.usable('anna', [])).toEqual(new Set());
    expect(await opened.db.lookup.groupsOf(all)).toEqual(
      new Map([
        [lab, ['kernel']],
        [shared, ['kernel', 'net']],
      ]),
    );
    expect((await access.groupsOf('bob')).map(({ name }) => name)).toEqual(['net']);
  });

  it('gives the hosts of a removed group back to everybody', async () => {
    const { access, hosts } = opened.db;
    const [lab] = await addHosts(opened.db, 'lab');
    const { id } = await access.create({ name: 'kernel' }, 'root');
    await access.change(id, { addUsers: ['anna'], addHostIds: [lab] }, 'root');
    const before = await hosts.byId(lab);
    expect(await access.mayUse('bob', lab)).toBe(false);
    await access.remove(id, 'root');
    expect(await access.mayUse('bob', lab)).toBe(true);
    expect(await access.list()).toEqual([]);
    expect((await hosts.byId(lab))?.version).toBe((before?.version ?? 0) + 1);
    await expect(access.remove(id, 'root')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  it('adds and takes out members and hosts of a group, each once, and tells of it', async () => {
    const { access, events } = opened.db;
    const [a, b] = await addHosts(opened.db, 'a', 'b');
    const { id } = await access.create({ name: 'kernel' }, 'root');
    await access.change(id, { addUsers: ['anna', 'bob', 'anna'], addHostIds: [a, b] }, 'root');
    let cursor = await events.latestId();
    const group = await access.change(
      id,
      { addUsers: ['bob', 'eve'], removeUsers: ['anna', 'nobody'], addHostIds: [a], removeHostIds: [b] },
      'root',
    );
    expect(group).toEqual({ id, name: 'kernel', users: ['bob', 'eve'], hostIds: [a] });
    expect((await events.since(cursor, { first: 9 })).map(({ kind, hostId }) => [kind, hostId])).toEqual([
      ['host.changed', b],
      ['access.changed', undefined],
    ]);
    cursor = await events.latestId();
    expect(await access.change(id, { addUsers: ['eve'], removeHostIds: [b] }, 'root')).toEqual(group);
    expect(await events.latestId()).toBe(cursor);
    await expect(access.change(id, { addHostIds: [4711] }, 'root')).rejects.toMatchObject({
      code: 'AT_NOT_FOUND',
      message: expect.stringContaining('4711'),
    });
    expect(await access.byName('kernel')).toEqual(group);
  });

  it('describes and renames a group, unless the name is taken', async () => {
    const { access } = opened.db;
    const { id } = await access.create({ name: 'kernel' }, 'root');
    await access.create({ name: 'net' }, 'root');
    const renamed = await access.update(id, { name: 'core', description: 'Core' }, 'root');
    expect(renamed).toEqual({ id, name: 'core', description: 'Core', users: [], hostIds: [] });
    expect(await access.update(id, { description: null }, 'root')).not.toHaveProperty('description');
    const taken = { code: 'AT_ALREADY_EXISTS' };
    await expect(access.update(id, { name: 'net' }, 'root')).rejects.toMatchObject(taken);
    await expect(access.create({ name: 'net' }, 'root')).rejects.toMatchObject(taken);
    expect((await access.list()).map(({ name }) => name)).toEqual(['core', 'net']);
    expect(await access.byName('kernel')).toBeUndefined();
  });

  it('keeps shares of accounts, and counts the hosts that each holds', async () => {
    const { db } = opened;
    const { accounts, events } = db;
    await accounts.set({ name: 'kernel', weight: 2.5, maxHosts: 4 }, 'root');
    await accounts.set({ name: 'bob', weight: 0.5 }, 'root');
    const cursor = await events.latestId();
    expect(await accounts.set({ name: 'kernel', weight: 3 }, 'root')).toEqual({ name: 'kernel', weight: 3 });
    expect(only(await events.since(cursor, { first: 9 })).kind).toBe('account.changed');
    await accounts.remove('bob', 'root');
    await expect(accounts.remove('bob', 'root')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    expect(await accounts.list()).toEqual([{ name: 'kernel', weight: 3 }]);
    const { entries, hosts } = await submitWithHosts(db, 3, { account: 'kernel' });
    await submitWithHosts(db, 1, { account: 'bob' });
    for (const index of [0, 1])
      await db.scheduling.write((change) =>
        change.moveEntry(entries[index] ?? only([]), 'assign', { hostId: hosts[index]?.id ?? 0 }),
      );
    expect(await accounts.heldHosts()).toEqual(new Map([['kernel', 2]]));
  });

  it('changes the team and the role of a user', async () => {
    const { users, events } = opened.db;
    const anna = await users.add({ login: 'anna', role: 'user' });
    expect(anna).not.toHaveProperty('team');
    const cursor = await events.latestId();
    expect(await users.update(anna.id, { team: 'kernel' }, 'root')).toMatchObject({ role: 'user', team: 'kernel' });
    expect(await users.update(anna.id, { role: 'admin' }, 'root')).toMatchObject({ role: 'admin', team: 'kernel' });
    expect(await users.update(anna.id, { team: null }, 'root')).toEqual({ ...anna, role: 'admin' });
    expect(await users.add({ login: 'bob', role: 'viewer', team: 'net' }, 'root')).toMatchObject({ team: 'net' });
    expect((await events.since(cursor, { first: 9 })).map(({ kind }) => kind)).toEqual([
      'account.changed',
      'access.changed',
      'account.changed',
      'access.changed',
    ]);
    await expect(users.update(4711, { team: 'x' }, 'root')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  it('removes a user with its tokens, and leaves what it submitted, has reserved and may use', async () => {
    const { db } = opened;
    await putBundle(db);
    const anna = await db.users.add({ login: 'anna', role: 'user' });
    await db.users.addToken({ userId: anna.id, name: 'ci', kind: 'api', secretHash: 'h1' });
    const [lab] = await addHosts(db, 'lab');
    const { id } = await db.access.create({ name: 'kernel' }, 'root');
    await db.access.change(id, { addUsers: ['anna'], addHostIds: [lab] }, 'root');
    await db.hosts.reserve(lab, { by: 'anna', until: Date.now() + 60_000 }, 'anna');
    const { job, entries } = await db.jobs.submit(newJob({ owner: 'anna', hostIds: [lab] }));
    await db.users.remove(anna.id, 'root');
    expect(await db.users.byLogin('anna')).toBeUndefined();
    expect(await db.users.byTokenHash('h1', 1)).toBeUndefined();
    expect(await db.access.mayUse('anna', lab)).toBe(true);
    expect(await db.hosts.byId(lab)).toMatchObject({ reservedBy: 'anna' });
    expect(await db.jobs.byId(job.id)).toMatchObject({ owner: 'anna', state: 'queued' });
    expect((await db.scheduling.load()).entries).toEqual(entries);
    await expect(db.users.remove(anna.id, 'root')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });
}

/** Adds hosts; gives their ids. */
async function addHosts<const N extends readonly string[]>(
  db: Database,
  ...names: N
): Promise<{ [K in keyof N]: number }> {
  const ids: number[] = [];
  for (const name of names) ids.push((await db.hosts.add(newHost(name), 'root')).id);
  // oxlint-disable-next-line no-unsafe-type-assertion -- one id for each name
  return ids as { [K in keyof N]: number };
}
