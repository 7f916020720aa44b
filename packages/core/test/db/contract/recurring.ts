import type { Database, JobRow, NewRecurring, RecurringJob, RecurringRow } from '@autotest/core/db';
import { expect, it } from 'vitest';
import { newHost, newJob, only, putBundle, useDatabase, type StoreUnderTest } from './fixture.ts';

const hour = 3_600_000;
/** Times of these tests lie ahead, so that no clock matters but the one that they tell. */
const start = Date.UTC(2040, 0, 1);

export async function addRecurring(db: Database, more: Partial<NewRecurring> = {}): Promise<RecurringRow> {
  await putBundle(db);
  if (!(await db.users.byLogin('anna'))) await db.users.add({ login: 'anna', role: 'user' });
  return db.recurring.add({
    name: 'nightly',
    owner: 'anna',
    bundleHash: 'hash',
    job: jobOf(),
    schedule: { everyMs: hour },
    missed: 'once',
    startAt: start,
    ...more,
  });
}

function jobOf(more: Partial<RecurringJob> = {}): RecurringJob {
  const { owner: _owner, bundleHash: _hash, hostIds: _ids, ...wishes } = newJob();
  return { ...wishes, hosts: [], anyHosts: 1, ...more };
}

async function jobsOf(db: Database): Promise<JobRow[]> {
  return (await db.jobs.list({ first: 1000 })).reverse();
}

export function describeRecurring(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('submits what was asked for, whole, each time, and names where it came from', async () => {
    const { db } = opened;
    const host = await db.hosts.add(newHost('h1'), 'anna');
    await putBundle(db);
    const { job: before } = await db.jobs.submit(newJob());
    const wishes = {
      name: 'disk',
      needs: 'arch:x86_64',
      params: { sizeMb: 7 },
      keyvals: { build: '1.2' },
      after: [{ jobId: before.id, when: 'finished' }],
      retries: 2,
      infraRetries: 0,
      idleTimeoutMs: 60_000,
      sameValueOf: 'rack',
      provision: 'debian-12',
      reserveOn: 'failure',
      reserveMs: hour,
      pool: 'lab',
    } as const;
    const row = await addRecurring(db, { job: jobOf({ ...wishes, hosts: ['h1'] }) });
    expect(await db.recurring.nextAt()).toBe(start);
    expect(await db.recurring.claimDue(start - 1)).toEqual([]);
    const { recurring, jobIds } = only(await db.recurring.claimDue(start));
    const job = await db.jobs.byId(only(jobIds));
    expect(job).toMatchObject({ ...wishes, recurringId: row.id, owner: 'anna', account: 'anna' });
    expect((await db.jobs.entries(job?.id ?? 0)).map(({ hostId }) => hostId)).toEqual([host.id, undefined]);
    expect(recurring).toMatchObject({ nextAt: start + hour, lastAt: start, lastJobId: job?.id });
    expect(recurring.version).toBe(row.version + 1);
    expect(await db.recurring.nextAt()).toBe(start + hour);
    const told = await db.events.since(0, { first: 99, kinds: ['recurring.changed'] });
    expect(told.map(({ data }) => data.change)).toEqual(['added', 'submitted']);
  });

  it('counts down and ends', async () => {
    const { db } = opened;
    const row = await addRecurring(db, { remaining: 2, missed: 'all' });
    await db.recurring.claimDue(start);
    expect(await db.recurring.byId(row.id)).toMatchObject({ remaining: 1, enabled: true });
    // Three are due, one is left.
    expect(only(await db.recurring.claimDue(start + 3 * hour)).jobIds).toHaveLength(1);
    expect(await db.recurring.byId(row.id)).toMatchObject({ remaining: 0, enabled: false });
    expect(await db.recurring.nextAt()).toBeUndefined();
    expect(await db.recurring.claimDue(start + 9 * hour)).toEqual([]);
    expect(await jobsOf(db)).toHaveLength(2);
    await expect(addRecurring(db, { remaining: 0 })).rejects.toMatchObject({ code: 'AT_SCHEDULE' });
  });

  it.each([
    ['skip', 0, { jobs: 1, note: undefined }],
    ['skip', 59_000, { jobs: 1, note: undefined }],
    ['skip', 61_000, { jobs: 0, note: '1 runs were due; 0 submitted' }],
    ['skip', 3 * hour, { jobs: 1, note: '4 runs were due; 1 submitted' }],
    ['skip', 3.5 * hour, { jobs: 0, note: '4 runs were due; 0 submitted' }],
    ['once', 3.5 * hour, { jobs: 1, note: '4 runs were due; 1 submitted' }],
    ['all', 3.5 * hour, { jobs: 4, note: undefined }],
    ['all', 500 * hour, { jobs: 100, note: 'more than 100 runs were due; 100 submitted' }],
  ] as const)('with missed runs "%s" and %i ms late submits %j', async (missed, lateMs, expected) => {
    const { db } = opened;
    await addRecurring(db, { missed });
    const run = only(await db.recurring.claimDue(start + lateMs));
    expect(run.jobIds).toHaveLength(expected.jobs);
    if (expected.note === undefined) expect(run).not.toHaveProperty('note');
    else expect(run.note).toContain(expected.note);
    expect(run.recurring.nextAt).toBe(start + (Math.floor(lateMs / hour) + 1) * hour);
    expect(await db.recurring.claimDue(start + lateMs)).toEqual([]);
  });

  it('submits nothing twice where the clock jumps back', async () => {
    const { db } = opened;
    await addRecurring(db);
    await db.recurring.claimDue(start);
    expect(await db.recurring.claimDue(start - 5 * hour)).toEqual([]);
    expect(await db.recurring.claimDue(start)).toEqual([]);
    expect(only(await db.recurring.claimDue(start + hour)).jobIds).toHaveLength(1);
    expect(await jobsOf(db)).toHaveLength(2);
  });

  it('leaves the reason where it cannot submit, goes on with the others, and tries again at the next time', async () => {
    const { db } = opened;
    const bad = await addRecurring(db, { name: 'bad', job: jobOf({ hosts: ['gone'] }), remaining: 3 });
    const good = await addRecurring(db, { name: 'good' });
    const runs = await db.recurring.claimDue(start);
    expect(runs.map(({ recurring, jobIds, problem }) => [recurring.id, jobIds.length, problem])).toEqual([
      [bad.id, 0, expect.stringContaining('no host "gone"')],
      [good.id, 1, undefined],
    ]);
    expect(await db.recurring.byId(bad.id)).toMatchObject({
      problem: expect.stringContaining('no host "gone"'),
      nextAt: start + hour,
      remaining: 3,
      enabled: true,
    });
    await db.hosts.add(newHost('gone'), 'anna');
    expect((await db.recurring.claimDue(start + hour)).map(({ jobIds }) => jobIds.length)).toEqual([1, 1]);
    const mended = await db.recurring.byId(bad.id);
    expect(mended).toMatchObject({ remaining: 2 });
    expect(mended).not.toHaveProperty('problem');
  });

  it('submits nothing for an owner who is gone or may only look', async () => {
    const { db } = opened;
    await db.users.add({ login: 'vera', role: 'viewer' });
    await addRecurring(db, { owner: 'nobody' });
    await addRecurring(db, { owner: 'vera' });
    expect((await db.recurring.claimDue(start)).map(({ problem }) => problem)).toEqual([
      expect.stringContaining('nobody does not exist any more'),
      expect.stringContaining('vera may not submit jobs'),
    ]);
    expect(await jobsOf(db)).toEqual([]);
  });

  it('goes on from now after a pause or with another schedule', async () => {
    const { db } = opened;
    const row = await addRecurring(db, { schedule: { cron: '0 3 * * *', timezone: 'Europe/Berlin' } });
    expect(row).toMatchObject({ cron: '0 3 * * *', timezone: 'Europe/Berlin', nextAt: start + 2 * hour });
    const paused = await db.recurring.update(row.id, { enabled: false }, 'bob');
    expect(paused.enabled).toBe(false);
    expect(await db.recurring.nextAt()).toBeUndefined();
    const now = Date.now();
    const resumed = await db.recurring.update(row.id, { enabled: true, schedule: { everyMs: hour } }, 'bob');
    expect(resumed).toMatchObject({ enabled: true, everyMs: hour });
    expect(resumed).not.toHaveProperty('cron');
    expect(resumed.nextAt).toBeGreaterThanOrEqual(now + hour);
    expect(resumed.nextAt).toBeLessThan(now + 2 * hour);
    await expect(db.recurring.update(row.id, { remaining: 0 }, 'bob')).rejects.toMatchObject({ code: 'AT_SCHEDULE' });
    await expect(db.recurring.update(4711, {}, 'bob')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    expect(await db.recurring.byId(row.id)).toEqual(resumed);
  });

  it('is submitted at once when somebody wants it, beside its schedule', async () => {
    const { db } = opened;
    const row = await addRecurring(db, { remaining: 5 });
    const [first, second] = [await db.recurring.runNow(row.id), await db.recurring.runNow(row.id)];
    expect(first.id).not.toBe(second.id);
    expect(await db.recurring.byId(row.id)).toMatchObject({ remaining: 5, nextAt: start, lastJobId: second.id });
    await expect(db.recurring.runNow(4711)).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  it('is listed, newest first, and removed', async () => {
    const { db } = opened;
    const mine = await addRecurring(db);
    const other = await addRecurring(db, { owner: 'bob' });
    const ids = async (query: Parameters<typeof db.recurring.list>[0]) =>
      (await db.recurring.list(query)).map(({ id }) => id);
    expect(await ids({ first: 9 })).toEqual([other.id, mine.id]);
    expect(await ids({ first: 1, beforeId: other.id })).toEqual([mine.id]);
    expect(await ids({ first: 9, owner: 'bob' })).toEqual([other.id]);
    expect(await db.recurring.remove(mine.id, 'anna')).toBe(true);
    expect(await db.recurring.remove(mine.id, 'anna')).toBe(false);
    expect(await db.recurring.byId(mine.id)).toBeUndefined();
  });
}
