import { expect, it } from 'vitest';
import {
  finishEntry,
  newJob,
  only,
  putBundle,
  startEntry,
  submitWithHosts,
  useDatabase,
  type StoreUnderTest,
} from './fixture.ts';

export function describeScheduling(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('walks an entry through its states and keeps the job in step', async () => {
    const { db } = opened;
    const { job, entries, hosts } = await submitWithHosts(db, 2);
    const [first, second] = entries;
    if (!first || !second || !hosts[0] || !hosts[1]) throw new Error('no entries');
    const running = await startEntry(db, first, hosts[0].id);
    expect(await db.jobs.byId(job.id)).toMatchObject({ state: 'running', startedAt: expect.any(Number) });
    const end = await finishEntry(db, running.entry, 'passed');
    expect(end).toMatchObject({ state: 'finished', outcome: 'passed', finishedAt: expect.any(Number) });
    expect(await db.jobs.byId(job.id)).toMatchObject({ state: 'running' });
    await finishEntry(db, (await startEntry(db, second, hosts[1].id)).entry, 'failed');
    expect(await db.jobs.byId(job.id)).toMatchObject({
      state: 'finished',
      outcome: 'failed',
      finishedAt: expect.any(Number),
    });
    const events = await db.events.since(0, { first: 100, jobId: job.id });
    expect(events.map((event) => event.kind).filter((kind) => kind.startsWith('job.'))).toEqual([
      'job.submitted',
      'job.started',
      'job.finished',
    ]);
    const moves = events.filter((event) => event.kind === 'entry.moved' && event.entryId === first.id);
    expect(moves.map((event) => [event.data.from, event.data.to])).toEqual([
      ['queued', 'preparing'],
      ['preparing', 'ready'],
      ['ready', 'starting'],
      ['starting', 'running'],
      ['running', 'gathering'],
      ['gathering', 'parsing'],
      ['parsing', 'archiving'],
      ['archiving', 'finished'],
    ]);
  });

  it('undoes the whole transaction when one move lost its race', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 2);
    const [first, second] = entries;
    if (!first || !second || !hosts[0]) throw new Error('no entries');
    await db.scheduling.write((w) => w.moveEntry(second, 'give_up', { outcome: 'stopped' }));
    const before = await db.events.latestId();
    const lost = await db.scheduling.write(async (w) => {
      await w.moveEntry(first, 'assign', { hostId: hosts[0]?.id ?? 0 });
      await w.takeLease(hosts[0]?.id ?? 0, { kind: 'entry', id: first.id }, 'd1', Date.now() + 60_000);
      await w.addTask({ hostId: hosts[0]?.id ?? 0, kind: 'verify', requestedBy: 'd1' });
      // Its version is that of before the move above.
      return w.moveEntry(second, 'assign');
    });
    expect(lost).toBeUndefined();
    const snapshot = await db.scheduling.snapshot();
    expect(only(snapshot.entries)).toEqual(first);
    expect([snapshot.leases.size, snapshot.tasks.length]).toEqual([0, 0]);
    expect(await db.events.latestId()).toBe(before);
  });

  it('refuses a move that the table of states does not have, and undoes what went before', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const entry = only(entries);
    const host = only(hosts);
    const write = db.scheduling.write(async (w) => {
      await w.moveHost(host, 'reserve');
      await w.moveEntry(entry, 'archived');
    });
    await expect(write).rejects.toMatchObject({ code: 'AT_STATE_MOVE' });
    expect(await db.hosts.byId(host.id)).toEqual(host);
  });

  it('gives a lease to one of two, and raises its epoch with each holder', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const hostId = only(hosts).id;
    const holder = { kind: 'entry', id: only(entries).id } as const;
    const take = (untilMs = Date.now() + 60_000) =>
      db.scheduling.write((w) => w.takeLease(hostId, holder, 'd1', untilMs));
    expect(await take()).toMatchObject({ epoch: 1, holder });
    expect(await take()).toBeUndefined();
    await db.scheduling.write((w) => w.releaseLease(hostId, 1));
    expect((await db.scheduling.snapshot()).leases.size).toBe(0);
    expect(await take(Date.now() - 1)).toMatchObject({ epoch: 2 });
    // Expired at once, so the next one gets it.
    expect(await take()).toMatchObject({ epoch: 3 });
    await db.scheduling.write((w) => w.releaseLease(hostId, 2));
    expect((await db.scheduling.snapshot()).leases.get(hostId)).toMatchObject({ epoch: 3 });
  });

  it('passes a lease on without letting go, and only with the right epoch', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const hostId = only(hosts).id;
    await db.scheduling.write((w) => w.takeLease(hostId, { kind: 'task', id: 7 }, 'd1', Date.now() + 60_000));
    const holder = { kind: 'entry', id: only(entries).id } as const;
    await db.scheduling.write((w) => w.passLease(hostId, 1, holder));
    expect((await db.scheduling.snapshot()).leases.get(hostId)).toMatchObject({ epoch: 1, holder });
    const stale = await db.scheduling.write(async (w) => {
      await w.passLease(hostId, 9, holder);
      return 'passed';
    });
    expect(stale).toBeUndefined();
  });

  it('extends the leases of one dispatcher', async () => {
    const { db } = opened;
    const { hosts } = await submitWithHosts(db, 2);
    for (const [n, host] of hosts.entries())
      await db.scheduling.write((w) => w.takeLease(host.id, { kind: 'task', id: n + 1 }, `d${n}`, Date.now() + 1000));
    const untilMs = Date.now() + 500_000;
    expect(await db.scheduling.extendLeases('d0', untilMs)).toBe(1);
    const { leases } = await db.scheduling.snapshot();
    expect([...leases.values()].filter((lease) => lease.expiresAt === untilMs)).toHaveLength(1);
  });

  it('walks special tasks and executions through their states', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const hostId = only(hosts).id;
    const entry = only(entries);
    const task = await db.scheduling.write((w) =>
      w.addTask({ hostId, entryId: entry.id, kind: 'verify', requestedBy: 'd1' }),
    );
    if (!task) throw new Error('lost');
    const execution = await db.scheduling.write((w) =>
      w.addExecution({
        purpose: 'verify',
        taskId: task.id,
        attempt: 1,
        epoch: 3,
        tag: 't',
        resultsDir: '/r',
        socketPath: '/s',
        dispatcherId: 'd1',
        deadlineAt: 5,
      }),
    );
    if (!execution) throw new Error('lost');
    expect(execution).toMatchObject({ state: 'created', epoch: 3, journalOffset: 0, deadlineAt: 5 });
    const ended = await db.scheduling.write(async (w) => {
      const running = await w.moveTask(task, 'start', { executionId: execution.id });
      let row = await w.moveExecution(execution, 'start', { pid: 42, pidStartTicks: '17' });
      row = await w.moveExecution(row, 'hello');
      row = await w.moveExecution(row, 'end', { exitClass: 'infra', cause: { code: 'AT_X', message: 'y' } });
      await w.moveTask(running, 'end', { outcome: 'failed', cause: { code: 'AT_X', message: 'y' } });
      return row;
    });
    expect(ended).toMatchObject({ state: 'ended', pid: 42, exitClass: 'infra', cause: { code: 'AT_X', message: 'y' } });
    expect(only((await db.scheduling.snapshot()).executions)).toEqual(ended);
    expect(only(await db.jobs.tasksOf({ jobId: entry.jobId, first: 5 }))).toMatchObject({
      state: 'finished',
      outcome: 'failed',
    });
    expect(only(await db.jobs.tasksOf({ hostId, first: 5 })).executionId).toBe(execution.id);
    expect(await db.jobs.executionById(execution.id)).toEqual(ended);
  });

  it('shows in a snapshot what is not over, and nothing else', async () => {
    const { db } = opened;
    const { job, entries, hosts } = await submitWithHosts(db, 1);
    await submitWithHosts(db, 1);
    const { entry, executionId } = await startEntry(db, only(entries), only(hosts).id);
    await finishEntry(db, entry, 'passed');
    const snapshot = await db.scheduling.snapshot();
    expect(snapshot.entries).toHaveLength(1);
    expect(snapshot.hosts).toHaveLength(2);
    expect(only(snapshot.executions).id).toBe(executionId);
    // Of the finished entry's job too: its execution is not ingested yet.
    expect(snapshot.jobs.get(job.id)).toMatchObject({ state: 'finished' });
    expect(snapshot.jobs.size).toBe(2);
  });

  it('stores why entries wait without touching their versions, and tells of changes only', async () => {
    const { db } = opened;
    await putBundle(db);
    const { entries } = await db.jobs.submit(newJob({ anyHosts: 1 }));
    const entry = only(entries);
    const reason = { entryId: entry.id, code: 'NO_HOST', message: 'no host has label x' };
    await db.scheduling.setWaiting([reason]);
    const cursor = await db.events.latestId();
    await db.scheduling.setWaiting([reason]);
    expect(await db.events.since(cursor, { first: 10 })).toEqual([]);
    await db.scheduling.setWaiting([{ ...reason, message: 'soon' }]);
    expect(only(await db.events.since(cursor, { first: 10 }))).toMatchObject({
      kind: 'entry.waiting',
      entryId: entry.id,
    });
    expect(only(await db.jobs.entries(entry.jobId))).toMatchObject({
      version: entry.version,
      waiting: { code: 'NO_HOST', message: 'soon' },
    });
    const assigned = await db.scheduling.write((w) => w.moveEntry(entry, 'assign'));
    expect(assigned).not.toHaveProperty('waiting');
    await db.scheduling.setWaiting([reason]);
    expect(only(await db.jobs.entries(entry.jobId))).toMatchObject({
      state: 'preparing',
      waiting: { code: 'NO_HOST' },
    });
    const moved = await db.scheduling.write(async (w) => {
      if (!assigned) throw new Error('the entry was not assigned');
      return w.moveEntry(await w.moveEntry(assigned, 'host_ready'), 'launch');
    });
    expect(moved).not.toHaveProperty('waiting');
    await db.scheduling.setWaiting([reason]);
    expect(only(await db.jobs.entries(entry.jobId))).not.toHaveProperty('waiting');
  });

  it('makes a plan fail that was made before an abort was asked for', async () => {
    const { db } = opened;
    const { job, entries } = await submitWithHosts(db, 1);
    expect(await db.jobs.requestAbort(job.id, 'anna', 'wrong build')).toBe(1);
    expect(await db.scheduling.write((w) => w.moveEntry(only(entries), 'assign'))).toBeUndefined();
    const fresh = only((await db.scheduling.snapshot()).entries);
    expect(fresh.abortRequested).toBe(true);
    const aborted = await db.scheduling.write((w) => w.moveEntry(fresh, 'abort', { outcome: 'aborted' }));
    expect(aborted).toMatchObject({ state: 'finished', outcome: 'aborted' });
    expect(await db.jobs.byId(job.id)).toMatchObject({
      state: 'finished',
      outcome: 'aborted',
      abortedBy: 'anna',
      abortReason: 'wrong build',
    });
  });

  it('takes heartbeats and tells of a dispatcher that started again', async () => {
    const { db } = opened;
    const dispatcher = { id: 'd1', machine: 'm', pid: 1, startedAt: 1 };
    await db.scheduling.heartbeat(dispatcher);
    await db.scheduling.heartbeat(dispatcher);
    await db.scheduling.heartbeat({ ...dispatcher, pid: 2, startedAt: 2 });
    expect(only(await db.scheduling.dispatchers())).toMatchObject({ ...dispatcher, pid: 2, startedAt: 2 });
    const events = await db.events.since(0, { first: 10 });
    expect(events.map((event) => event.data.pid)).toEqual([1, 2]);
  });

  it('lets other stores take part in a running transaction', async () => {
    const { db } = opened;
    const { job, entries } = await submitWithHosts(db, 1);
    const seen = await db.scheduling.write(async (w) => {
      await w.moveEntry(only(entries), 'give_up', { outcome: 'error' });
      return db.jobs.byId(job.id);
    });
    expect(seen).toMatchObject({ state: 'finished', outcome: 'error' });
  });
}
