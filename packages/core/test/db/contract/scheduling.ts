import type { LeaseRow } from '@autotest/core/db';
import { expect, it } from 'vitest';
import {
  finishEntry,
  leaseOf,
  only,
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
    const lost = await db.scheduling.write((w) => {
      const hostId = hosts[0]?.id ?? 0;
      w.moveEntry(first, 'assign', { hostId });
      w.takeLease(undefined, hostId, { kind: 'entry', id: first.id }, 'd1');
      w.addTask({ hostId, kind: 'verify', requestedBy: 'd1', dispatcherId: 'd1' });
      // Its version is that of before the move above.
      return w.moveEntry(second, 'assign');
    });
    expect(lost).toBeUndefined();
    const open = await db.scheduling.load();
    expect(only(open.entries)).toEqual(first);
    expect([open.leases, open.tasks]).toEqual([[], []]);
    expect(await db.events.latestId()).toBe(before);
  });

  it('refuses a move that the table of states does not have, and undoes what went before', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const entry = only(entries);
    const host = only(hosts);
    const write = db.scheduling.write((w) => {
      w.moveHost(host, 'reserve');
      w.moveEntry(entry, 'archived');
    });
    await expect(write).rejects.toMatchObject({ code: 'AT_STATE_MOVE' });
    expect(await db.hosts.byId(host.id)).toEqual(host);
  });

  it('gives a lease to one of two, and raises its epoch with each holder', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const hostId = only(hosts).id;
    const holder = { kind: 'entry', id: only(entries).id } as const;
    const take = (known: LeaseRow | undefined) => db.scheduling.write((w) => w.takeLease(known, hostId, holder, 'd1'));
    const lease = await take(undefined);
    expect(lease).toMatchObject({ epoch: 1, holder, dispatcherId: 'd1', takenAt: expect.any(Number) });
    expect(await leaseOf(db, hostId)).toEqual(lease);
    if (!lease) throw new Error('no lease');
    expect(await take(undefined)).toBeUndefined();
    const released = await db.scheduling.write((w) => w.releaseLease(lease));
    expect(released).not.toHaveProperty('holder');
    expect((await db.scheduling.load()).leases).toEqual([released]);
    // As it was known before.
    expect(await take(undefined)).toBeUndefined();
    expect(await take(released)).toMatchObject({ epoch: 2 });
    expect(await db.scheduling.write((w) => w.releaseLease(lease))).toBeUndefined();
    expect(await leaseOf(db, hostId)).toMatchObject({ epoch: 2, holder });
  });

  it('passes a lease on without letting go, and only as it is', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const hostId = only(hosts).id;
    const lease = await db.scheduling.write((w) => w.takeLease(undefined, hostId, { kind: 'task', id: 7 }, 'd1'));
    if (!lease) throw new Error('no lease');
    const holder = { kind: 'entry', id: only(entries).id } as const;
    expect(await db.scheduling.write((w) => w.passLease(lease, holder))).toMatchObject({ epoch: 1, holder });
    expect(await leaseOf(db, hostId)).toMatchObject({ epoch: 1, holder });
    expect(await db.scheduling.write((w) => w.passLease(lease, holder))).toBeUndefined();
  });

  it('walks special tasks and executions through their states', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const hostId = only(hosts).id;
    const entry = only(entries);
    const task = await db.scheduling.write((w) =>
      w.addTask({ hostId, entry, kind: 'verify', requestedBy: 'd1', dispatcherId: 'd1' }),
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
    expect(only((await db.scheduling.load()).tasks)).toEqual(task);
    const ended = await db.scheduling.write((w) => {
      const running = w.moveTask(task, 'start', { executionId: execution.id });
      let row = w.moveExecution(execution, 'start', { pid: 42, pidStartTicks: '17' });
      row = w.moveExecution(row, 'hello');
      row = w.moveExecution(row, 'end', { exitClass: 'infra', cause: { code: 'AT_X', message: 'y' } });
      w.moveTask(running, 'end', { outcome: 'failed', cause: { code: 'AT_X', message: 'y' } });
      return row;
    });
    expect(ended).toMatchObject({ state: 'ended', pid: 42, exitClass: 'infra', cause: { code: 'AT_X', message: 'y' } });
    expect(only((await db.scheduling.load()).executions)).toEqual(ended);
    expect(only(await db.jobs.tasksOf({ jobId: entry.jobId, first: 5 }))).toMatchObject({
      state: 'finished',
      outcome: 'failed',
    });
    expect(only(await db.jobs.tasksOf({ hostId, first: 5 })).executionId).toBe(execution.id);
    expect(await db.jobs.executionById(execution.id)).toEqual(ended);
  });

  it('loads what is not over, and nothing else', async () => {
    const { db } = opened;
    const { job, entries, hosts } = await submitWithHosts(db, 1);
    await submitWithHosts(db, 1);
    const { entry, executionId } = await startEntry(db, only(entries), only(hosts).id);
    await finishEntry(db, entry, 'passed');
    const open = await db.scheduling.load();
    expect(open.entries).toHaveLength(1);
    expect(open.hosts).toHaveLength(2);
    expect(only(open.executions).id).toBe(executionId);
    // Of the finished entry's job too: its execution is not ingested yet.
    expect(open.jobs).toHaveLength(2);
    expect(open.jobs[0]).toMatchObject({ id: job.id, state: 'finished' });
    const hostId = only(hosts).id;
    const ids = { entries: [entry.id, 4711], jobs: [job.id], hosts: [hostId], executions: [executionId], tasks: [1] };
    const rows = await db.scheduling.reload(ids);
    // Finished rows too.
    expect(only(rows.entries)).toMatchObject({ id: entry.id, state: 'finished' });
    expect(rows.jobs).toEqual([open.jobs[0]]);
    expect(rows.executions).toEqual(open.executions);
    expect([only(rows.hosts).id, only(rows.leases).hostId]).toEqual([hostId, hostId]);
    expect(rows.tasks).toEqual([]);
  });

  it('makes a plan fail that was made before an abort was asked for', async () => {
    const { db } = opened;
    const { job, entries } = await submitWithHosts(db, 1);
    expect(await db.jobs.requestAbort(job.id, 'anna', 'wrong build')).toBe(1);
    expect(await db.scheduling.write((w) => w.moveEntry(only(entries), 'assign'))).toBeUndefined();
    const fresh = only((await db.scheduling.load()).entries);
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

  it('refuses a step that does not start from where the step before it led', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const entry = only(entries);
    const hostId = only(hosts).id;
    const twice = db.scheduling.write((w) => {
      w.moveEntry(entry, 'assign', { hostId });
      w.moveEntry(entry, 'give_up', { outcome: 'error' });
    });
    await expect(twice).rejects.toThrow(`version 1 of row ${entry.id}`);
    const taken = db.scheduling.write((w) => {
      w.takeLease(undefined, hostId, { kind: 'task', id: 1 }, 'd1');
      w.takeLease(undefined, hostId, { kind: 'task', id: 2 }, 'd1');
    });
    await expect(taken).rejects.toThrow(`lease of host ${hostId}`);
    expect((await db.scheduling.load()).entries).toEqual([entry]);
  });

  it('stores any text of a cause as it is', async () => {
    const { db } = opened;
    const { entries } = await submitWithHosts(db, 1);
    const cause = { code: 'AT_X', message: 'é😀 "quoted" \\ \'line\'\n\u0000 \\ud800 end' };
    const moved = await db.scheduling.write((w) => w.moveEntry(only(entries), 'give_up', { outcome: 'error', cause }));
    expect(moved?.cause).toEqual(cause);
    const { jobId } = only(entries);
    expect(only(await db.jobs.entries(jobId)).cause).toEqual(cause);
    const [event] = await db.events.since(0, { first: 1, jobId, kinds: ['entry.moved'] });
    expect(event?.data.cause).toEqual(cause);
  });

  it('takes halves of surrogate pairs for what they are: no text', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const cause = { code: 'AT_X', message: 'half \ud83d' };
    const done = await db.scheduling.write((w) => {
      w.patchHost(only(hosts), { reserveReason: 'half \ud83d' }, 'anna');
      return w.moveEntry(only(entries), 'give_up', { outcome: 'error', cause });
    });
    expect(done).toBeDefined();
    expect(only(await db.jobs.entries(only(entries).jobId)).cause?.message).toBe('half \ufffd');
    expect((await db.hosts.byId(only(hosts).id))?.reserveReason).toBe('half \ufffd');
  });

  it('gives every column back that a change wrote, and takes away what is null', async () => {
    const { db } = opened;
    const host = only((await submitWithHosts(db, 1)).hosts);
    const patch = {
      dirty: true,
      reverifyAt: 1_700_000_000_000,
      reservedBy: 'anna 😀',
      reservedUntil: 1_800_000_000_000,
      reserveReason: 'debugging',
      health: 0.123456789,
      repairFailures: 3,
      repairedAt: 1_700_000_000_001,
      image: 'debian-12',
    };
    const patched = await db.scheduling.write((w) => w.patchHost(host, patch, 'anna'));
    expect(patched).toEqual({ ...host, ...patch, version: 2 });
    expect(await db.hosts.byId(host.id)).toEqual(patched);
    if (!patched) throw new Error('lost');
    const nothing = { reverifyAt: null, reservedBy: null, reservedUntil: null, reserveReason: null, repairedAt: null };
    const cleared = await db.scheduling.write((w) => w.patchHost(patched, { ...nothing, image: null }, 'anna'));
    expect(cleared).not.toHaveProperty('reservedBy');
    expect(await db.hosts.byId(host.id)).toEqual(cleared);
  });
}
