import { expect, it } from 'vitest';
import { newHost, newJob, only, putBundle, submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

export function describeFrontends(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('keeps users apart by login, and tells when a login is taken', async () => {
    const { users } = opened.db;
    const anna = await users.add({ login: 'anna', role: 'admin' });
    const upper = await users.add({ login: 'Anna', role: 'viewer' });
    expect(await users.byLogin('anna')).toEqual(anna);
    expect(await users.byLogin('Anna')).toEqual(upper);
    expect(await users.byLogin('anna ')).toBeUndefined();
    expect(await users.count()).toBe(2);
    await expect(users.add({ login: 'anna', role: 'user' })).rejects.toMatchObject({ code: 'AT_ALREADY_EXISTS' });
  });

  it('finds tokens by hash until they expire, and login tokens until they are used', async () => {
    const { users } = opened.db;
    const user = await users.add({ login: 'anna', role: 'user' });
    const api = await users.addToken({ userId: user.id, name: 'ci', kind: 'api', secretHash: 'h1', expiresAt: 1000 });
    expect(api).not.toHaveProperty('secretHash');
    expect(await users.byTokenHash('h1', 999)).toEqual({ user, token: api });
    expect(await users.byTokenHash('h1', 1000)).toBeUndefined();
    const login = await users.addToken({ userId: user.id, name: 'link', kind: 'login', secretHash: 'h2' });
    expect((await users.byTokenHash('h2', 1))?.token).toEqual(login);
    expect(await Promise.all([users.useLoginToken(login.id, 1), users.useLoginToken(login.id, 1)])).toEqual(
      expect.arrayContaining([true, false]),
    );
    expect(await users.byTokenHash('h2', 1)).toBeUndefined();
    expect(await users.useLoginToken(api.id, 1)).toBe(false);
    await users.revokeToken(api.id);
    expect(await users.byTokenHash('h1', 1)).toBeUndefined();
  });

  it('keeps a bundle once, with all of its text', async () => {
    const { bundles } = opened.db;
    const source = `// ${'ü😀'.repeat(50_000)}`;
    const bundle = { hash: 'h', fileName: 'a.ts', source, json: JSON.stringify({ source }), sizeBytes: 7 };
    await Promise.all([bundles.put(bundle), bundles.put(bundle)]);
    await bundles.put({ ...bundle, fileName: 'later.ts' });
    expect(await bundles.get('h')).toEqual(bundle);
    expect(await bundles.get('other')).toBeUndefined();
  });

  it('adds, changes and lists hosts', async () => {
    const { hosts, events } = opened.db;
    const labels = ['arch:x86_64', 'say "hi"', 'a\\b', 'é'];
    const added = await hosts.add(newHost('b', { labels, attributes: { rack: '7' } }), 'anna');
    await hosts.add(newHost('a', { labels: ['arch:x86'] }), 'anna');
    await hosts.add(newHost('c'), 'anna');
    await expect(hosts.add(newHost('a'), 'anna')).rejects.toMatchObject({ code: 'AT_ALREADY_EXISTS' });
    expect(await hosts.byName('b')).toEqual(added);
    expect((await hosts.all()).map((host) => host.name)).toEqual(['a', 'b', 'c']);
    expect((await hosts.list({ first: 2 })).map((host) => host.name)).toEqual(['a', 'b']);
    expect((await hosts.list({ first: 2, afterName: 'b' })).map((host) => host.name)).toEqual(['c']);
    for (const label of labels) expect(only(await hosts.list({ first: 9, label })).name).toBe('b');
    expect(await hosts.list({ first: 9, label: 'arch' })).toEqual([]);
    expect(await hosts.list({ first: 9, label: 'hi' })).toEqual([]);
    expect(await hosts.list({ first: 9, state: 'running' })).toEqual([]);
    const cursor = await events.latestId();
    const locked = await hosts.update(
      added.id,
      { lockedBy: 'bob', lockReason: 'mine', draining: true, labels: [] },
      'bob',
    );
    expect(locked).toMatchObject({
      version: added.version + 1,
      lockedBy: 'bob',
      lockReason: 'mine',
      draining: true,
      labels: [],
    });
    expect(only(await events.since(cursor, { first: 9 }))).toMatchObject({ kind: 'host.changed', hostId: added.id });
    const unlocked = await hosts.update(added.id, { unlock: true, draining: false }, 'bob');
    expect(unlocked).not.toHaveProperty('lockedBy');
    expect(unlocked.draining).toBe(false);
    await expect(hosts.update(4711, { dirty: true }, 'bob')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  it('makes a plan fail that was made before a host was locked', async () => {
    const { hosts, scheduling } = opened.db;
    const host = await hosts.add(newHost('a'), 'anna');
    await hosts.update(host.id, { lockedBy: 'bob' }, 'bob');
    expect(await scheduling.write((w) => w.moveHost(host, 'reserve'))).toBeUndefined();
  });

  it('pins a key only for a host that has none, and once', async () => {
    const { hosts } = opened.db;
    const host = await hosts.add(newHost('a'), 'anna');
    const pins = await Promise.all([hosts.pinKey(host.id, 'k1'), hosts.pinKey(host.id, 'k2')]);
    expect(pins.filter(Boolean)).toHaveLength(1);
    expect((await hosts.byId(host.id))?.hostKeys).toHaveLength(1);
    expect(await hosts.pinKey(4711, 'k')).toBe(false);
  });

  it('submits a job with its entries and tells of it', async () => {
    const { db } = opened;
    await putBundle(db);
    const host = await db.hosts.add(newHost('a'), 'anna');
    const { job, entries, repeated } = await db.jobs.submit(
      newJob({ hostIds: [host.id], anyHosts: 1, needs: 'x & y' }),
    );
    expect(repeated).toBe(false);
    expect(job).toMatchObject({
      state: 'queued',
      controlType: 'client',
      params: { seconds: 1 },
      needs: 'x & y',
      runVerify: true,
    });
    expect(entries.map((entry) => [entry.index, entry.hostId, entry.named, entry.hostless, entry.state])).toEqual([
      [0, host.id, true, false, 'queued'],
      [1, undefined, false, false, 'queued'],
    ]);
    expect(await db.jobs.byId(job.id)).toEqual(job);
    expect(await db.jobs.entries(job.id)).toEqual(entries);
    expect(await db.jobs.entriesOf([job.id, 4711])).toEqual(entries);
    expect(await db.jobs.executions(job.id)).toEqual([]);
    const hostless = await db.jobs.submit(newJob());
    expect(only(hostless.entries)).toMatchObject({ hostless: true, named: false });
    const events = await db.events.since(0, { first: 9, kinds: ['job.submitted'] });
    expect(events.map((event) => event.jobId)).toEqual([job.id, hostless.job.id]);
  });

  it('gives the first job when a submission is repeated, also at the same moment', async () => {
    const { db } = opened;
    await putBundle(db);
    const options = { requestId: 'r1' };
    const both = await Promise.all([1, 2, 3].map(() => db.jobs.submit(newJob({ anyHosts: 2 }), options)));
    expect(new Set(both.map((result) => result.job.id)).size).toBe(1);
    expect(both.filter((result) => !result.repeated)).toHaveLength(1);
    const later = await db.jobs.submit(newJob({ anyHosts: 5 }), options);
    expect(later).toMatchObject({ repeated: true });
    expect(later.entries).toHaveLength(2);
    expect(await db.jobs.list({ first: 9 })).toHaveLength(1);
    expect(await db.events.since(0, { first: 9, kinds: ['job.submitted'] })).toHaveLength(1);
  });

  it('lists jobs newest first, by key, with filters', async () => {
    const { db } = opened;
    await putBundle(db);
    const ids: number[] = [];
    for (const [name, owner] of [
      ['Boot_1', 'anna'],
      ['boot%2', 'bob'],
      ['sleep', 'anna'],
    ] as const)
      ids.unshift((await db.jobs.submit(newJob({ name, owner, anyHosts: 1 }))).job.id);
    const idsOf = async (query: Parameters<typeof db.jobs.list>[0]) => (await db.jobs.list(query)).map((job) => job.id);
    expect(await idsOf({ first: 2 })).toEqual(ids.slice(0, 2));
    expect(await idsOf({ first: 2, beforeId: ids[1] ?? 0 })).toEqual([ids[2]]);
    expect(await idsOf({ first: 9, owner: 'anna' })).toEqual([ids[0], ids[2]]);
    expect(await idsOf({ first: 9, nameContains: 'BOOT' })).toEqual([ids[1], ids[2]]);
    expect(await idsOf({ first: 9, nameContains: '%' })).toEqual([ids[1]]);
    expect(await idsOf({ first: 9, state: 'finished' })).toEqual([]);
    expect(await idsOf({ first: 9, outcome: 'passed' })).toEqual([]);
  });

  it('marks the entries of a job for abort once', async () => {
    const { db } = opened;
    const { job, entries } = await submitWithHosts(db, 3);
    await db.scheduling.write((w) => w.moveEntry(entries[0] ?? only([]), 'give_up', { outcome: 'error' }));
    expect(await db.jobs.requestAbort(job.id, 'bob', 'no need')).toBe(2);
    const cursor = await db.events.latestId();
    expect(await db.jobs.requestAbort(job.id, 'eve', 'me too')).toBe(0);
    expect(await db.events.latestId()).toBe(cursor);
    expect(await db.jobs.byId(job.id)).toMatchObject({ abortedBy: 'bob', abortReason: 'no need' });
    expect((await db.jobs.entries(job.id)).map((entry) => entry.abortRequested)).toEqual([false, true, true]);
    expect(await db.jobs.requestAbort(4711, 'bob', 'x')).toBe(0);
  });
}
