import { expect, it } from 'vitest';
import { newJob, only, putBundle, useDatabase, type StoreUnderTest } from './fixture.ts';

export function describeSuites(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('are submitted with their jobs at once, each after those that it waits for', async () => {
    const { db } = opened;
    await putBundle(db);
    const { job: outside } = await db.jobs.submit(newJob());
    const { suite, jobs, repeated } = await db.suites.create({
      name: 'nightly',
      owner: 'anna',
      jobs: [
        { job: newJob({ name: 'report' }), afterSiblings: [{ index: 1, when: 'finished' }] },
        {
          job: newJob({ name: 'test', after: [{ jobId: outside.id, when: 'finished' }] }),
          afterSiblings: [{ index: 2, when: 'passed' }],
        },
        { job: newJob({ name: 'build' }) },
      ],
    });
    const [report, test, build] = jobs;
    expect(repeated).toBe(false);
    expect(jobs.map(({ name }) => name)).toEqual(['report', 'test', 'build']);
    expect(jobs.every(({ suiteId }) => suiteId === suite.id)).toBe(true);
    expect(report?.after).toEqual([{ jobId: test?.id, when: 'finished' }]);
    expect(test?.after).toEqual([
      { jobId: outside.id, when: 'finished' },
      { jobId: build?.id, when: 'passed' },
    ]);
    expect(await db.suites.byId(suite.id)).toEqual(suite);
    expect(suite).toMatchObject({ name: 'nightly', owner: 'anna', jobCount: 3, finishedCount: 0 });
    expect((await db.suites.jobs(suite.id)).map(({ name }) => name)).toEqual(['build', 'test', 'report']);
    expect((await db.lookup.suites([suite.id, 4711])).size).toBe(1);
    const told = only(await db.events.since(0, { first: 9, kinds: ['suite.submitted'] }));
    expect(told.data).toMatchObject({ suiteId: suite.id, jobs: 3 });
  });

  it('that cannot be submitted whole are not submitted at all', async () => {
    const { db } = opened;
    await putBundle(db);
    const circle = [
      { job: newJob({ name: 'a' }), afterSiblings: [{ index: 1, when: 'passed' as const }] },
      { job: newJob({ name: 'b' }), afterSiblings: [{ index: 0, when: 'passed' as const }] },
    ];
    for (const [jobs, message] of [
      [circle, /a after b after a/],
      [[{ job: newJob(), afterSiblings: [{ index: 7, when: 'passed' as const }] }], /no job at position 7/],
      [[{ job: newJob() }, { job: newJob({ after: [{ jobId: 4711, when: 'passed' }] }) }], /no job 4711/],
    ] as const)
      await expect(db.suites.create({ name: 's', owner: 'anna', jobs })).rejects.toMatchObject({
        code: 'AT_DEPENDENCY',
        message: expect.stringMatching(message),
      });
    expect(await db.suites.list({ first: 9 })).toEqual([]);
    expect(await db.jobs.list({ first: 9 })).toEqual([]);
  });

  it('are submitted once when the submission is repeated, also at the same moment', async () => {
    const { db } = opened;
    await putBundle(db);
    const jobs = [
      { job: newJob({ name: 'a' }), afterSiblings: [{ index: 1, when: 'passed' as const }] },
      { job: newJob() },
    ];
    const create = () => db.suites.create({ name: 's', owner: 'anna', jobs }, { requestId: 'r1' });
    const all = [...(await Promise.all([create(), create()])), await create()];
    expect(new Set(all.map(({ suite }) => suite.id)).size).toBe(1);
    expect(all.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(new Set(all.map((one) => one.jobs.map(({ id }) => id).join())).size).toBe(1);
    expect(await db.jobs.list({ first: 9 })).toHaveLength(2);
  });

  it('are aborted with all their jobs, once', async () => {
    const { db } = opened;
    await putBundle(db);
    const { suite, jobs } = await db.suites.create({
      name: 's',
      owner: 'anna',
      jobs: [{ job: newJob({ anyHosts: 2 }) }, { job: newJob() }],
    });
    expect(await db.suites.requestAbort(suite.id, 'bob', 'no need')).toBe(3);
    expect(await db.suites.requestAbort(suite.id, 'eve', 'me too')).toBe(0);
    for (const { id } of jobs) {
      expect(await db.jobs.byId(id)).toMatchObject({ abortedBy: 'bob', abortReason: 'no need' });
      expect((await db.jobs.entries(id)).every(({ abortRequested }) => abortRequested)).toBe(true);
    }
    expect(await db.events.since(0, { first: 9, kinds: ['job.abortRequested'] })).toHaveLength(2);
  });

  it('are listed newest first', async () => {
    const { db } = opened;
    await putBundle(db);
    const create = async (owner: string) =>
      (await db.suites.create({ name: 's', owner, jobs: [{ job: newJob() }] })).suite.id;
    const [first, second] = [await create('anna'), await create('bob')];
    const ids = async (query: Parameters<typeof db.suites.list>[0]) =>
      (await db.suites.list(query)).map(({ id }) => id);
    expect(await ids({ first: 9 })).toEqual([second, first]);
    expect(await ids({ first: 9, beforeId: second })).toEqual([first]);
    expect(await ids({ first: 9, owner: 'bob' })).toEqual([second]);
  });
}
