import { expect, it } from 'vitest';
import { newHost, newJob, only, putBundle, submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

export function describeSubmission(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('takes a dependency that can still be met, and refuses others with the reason', async () => {
    const { db } = opened;
    const { job, entries } = await submitWithHosts(db, 1, { name: 'build' });
    const after = (when: 'finished' | 'passed') => db.jobs.submit(newJob({ after: [{ jobId: job.id, when }] }));
    expect((await after('passed')).job.after).toEqual([{ jobId: job.id, when: 'passed' }]);
    await db.scheduling.write((w) => w.moveEntry(only(entries), 'give_up', { outcome: 'failed' }));
    expect((await after('finished')).job.after).toEqual([{ jobId: job.id, when: 'finished' }]);
    await expect(after('passed')).rejects.toMatchObject({
      code: 'AT_DEPENDENCY',
      message: expect.stringContaining(`Job ${job.id} (build) has ended already, failed`),
    });
    await expect(db.jobs.submit(newJob({ after: [{ jobId: 4711, when: 'finished' }] }))).rejects.toMatchObject({
      code: 'AT_DEPENDENCY',
    });
    expect(await db.jobs.list({ first: 9 })).toHaveLength(3);
  });

  it('counts to the team of its owner, or to the owner', async () => {
    const { db } = opened;
    await putBundle(db);
    await db.users.add({ login: 'anna', role: 'user', team: 'kernel' });
    const accountOf = async (more: Parameters<typeof newJob>[0]) => (await db.jobs.submit(newJob(more))).job.account;
    expect(await accountOf({ owner: 'anna' })).toBe('kernel');
    expect(await accountOf({ owner: 'bob' })).toBe('bob');
    expect(await accountOf({ owner: 'anna', account: 'other' })).toBe('other');
  });

  it('registers one-time hosts with the job', async () => {
    const { db } = opened;
    await putBundle(db);
    const { job, entries } = await db.jobs.submit(
      newJob({ oneTimeHosts: [{ address: 'box.example.org', port: 2222, user: 'root' }] }),
    );
    const host = await db.hosts.byName('box.example.org');
    expect(host).toMatchObject({ oneTime: true, transport: 'ssh', port: 2222, user: 'root', labels: [] });
    expect(only(entries)).toMatchObject({ hostId: host?.id, named: true, hostless: false });
    expect(job.entryCount).toBe(1);
  });

  it('uses a one-time host again, but not while another job reaches it otherwise', async () => {
    const { db } = opened;
    await putBundle(db);
    const submit = (user: string) => db.jobs.submit(newJob({ oneTimeHosts: [{ address: 'box', port: 22, user }] }));
    const first = await submit('root');
    expect(only((await submit('root')).entries).hostId).toBe(only(first.entries).hostId);
    await expect(submit('tester')).rejects.toMatchObject({ code: 'AT_HOST_TAKEN' });
    for (const { id } of await db.jobs.list({ first: 9 }))
      for (const entry of await db.jobs.entries(id))
        await db.scheduling.write((w) => w.moveEntry(entry, 'give_up', { outcome: 'error' }));
    const later = await submit('tester');
    expect(only(later.entries).hostId).toBe(only(first.entries).hostId);
    expect(await db.hosts.byName('box')).toMatchObject({ user: 'tester' });
  });

  it('refuses a one-time host that is registered, and writes nothing', async () => {
    const { db } = opened;
    await putBundle(db);
    await db.hosts.add(newHost('box'), 'anna');
    const submitted = db.jobs.submit(newJob({ oneTimeHosts: [{ address: 'box', port: 22, user: 'root' }] }));
    await expect(submitted).rejects.toMatchObject({ code: 'AT_HOST_TAKEN' });
    expect(await db.jobs.list({ first: 9 })).toEqual([]);
    expect(await db.hosts.byName('box')).toMatchObject({ oneTime: false, user: 'tester' });
  });
}
