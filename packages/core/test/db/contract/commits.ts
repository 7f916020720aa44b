import type { Change, EntryRow, HostRow, LeaseRow, TaskRow } from '@autotest/core/db';
import { expect, it } from 'vitest';
import {
  changes,
  expectCountsOf,
  leaseOf,
  only,
  submitWithHosts,
  useDatabase,
  type StoreUnderTest,
} from './fixture.ts';

/** All that an assignment does. */
function assign(change: Change, entry: EntryRow, host: HostRow): { entry: EntryRow; task: TaskRow; lease: LeaseRow } {
  const task = change.addTask({ hostId: host.id, kind: 'verify', requestedBy: 'd1', dispatcherId: 'd1', entry });
  const lease = change.takeLease(undefined, host.id, { kind: 'task', id: task.id }, 'd1');
  change.moveHost(host, 'reserve');
  return { entry: change.moveEntry(entry, 'assign', { hostId: host.id, dispatcherId: 'd1' }), task, lease };
}

export function describeCommits(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('carries out the changes whose rows are as they knew them, and nothing of the others', async () => {
    const { db } = opened;
    const { job, entries, hosts } = await submitWithHosts(db, 3);
    const [first, second, third] = entries;
    const [firstHost, secondHost, thirdHost] = hosts;
    if (!first || !second || !third || !firstHost || !secondHost || !thirdHost) throw new Error('no entries');
    const newChange = await changes(db);
    const [good, stale, onStale, alsoGood] = [newChange(), newChange(), newChange(), newChange()];
    assign(good, first, firstHost);
    const assigned = assign(stale, second, secondHost);
    const execution = stale.addExecution({
      purpose: 'verify',
      taskId: assigned.task.id,
      attempt: 1,
      epoch: 1,
      tag: 't',
      resultsDir: '/r',
      socketPath: '/s',
      dispatcherId: 'd1',
    });
    onStale.moveTask(assigned.task, 'start', { executionId: execution.id });
    onStale.moveExecution(execution, 'start');
    onStale.event({ kind: 'host.changed', hostId: secondHost.id, data: {} });
    const last = assign(alsoGood, third, thirdHost);
    // Somebody changes the host meanwhile.
    const changed = await db.hosts.update(secondHost.id, { lockedBy: 'bob' }, 'bob');
    const cursor = await db.events.latestId();
    const { committed, jobs } = await db.scheduling.commit([good, stale, onStale, alsoGood]);
    expect(committed).toEqual([true, false, false, true]);
    expect((await db.jobs.entries(job.id)).map((entry) => [entry.state, entry.version])).toEqual([
      ['preparing', 2],
      ['queued', 1],
      ['preparing', 2],
    ]);
    expect(await db.hosts.byId(secondHost.id)).toEqual(changed);
    const open = await db.scheduling.load();
    expect(open.tasks.map((task) => task.hostId)).toEqual([firstHost.id, thirdHost.id]);
    expect(open.tasks[1]).toEqual(last.task);
    expect(open.executions).toEqual([]);
    expect(new Set(open.leases.map((lease) => lease.hostId))).toEqual(new Set([firstHost.id, thirdHost.id]));
    const told = await db.events.since(cursor, { first: 100 });
    expect(new Set(told.map((event) => event.hostId))).toEqual(new Set([firstHost.id, thirdHost.id]));
    const kinds = ['task.queued', 'host.moved', 'entry.moved'];
    expect(told.map((event) => event.kind)).toEqual([...kinds, ...kinds]);
    expect(only([...jobs])).toMatchObject({ id: job.id, state: 'running', entryCount: 3, activeCount: 2 });
    await expectCountsOf(db, job.id);
  });

  it('makes of changes that build on each other the row that the last one leaves', async () => {
    const { db } = opened;
    const { job, entries, hosts } = await submitWithHosts(db, 1);
    const newChange = await changes(db);
    const steps = Array.from({ length: 4 }, newChange);
    const [one, two, three, four] = steps;
    if (!one || !two || !three || !four) throw new Error('no changes');
    const { entry, task, lease } = assign(one, only(entries), only(hosts));
    const started = two.moveTask(task, 'start');
    const ended = three.moveTask(started, 'end', { outcome: 'passed' });
    const passed = three.passLease(lease, { kind: 'entry', id: entry.id });
    const ready = three.moveEntry(entry, 'host_ready');
    const finished = four.moveEntry(ready, 'give_up', { outcome: 'stopped' });
    const released = four.releaseLease(passed);
    const cursor = await db.events.latestId();
    const { committed, jobs } = await db.scheduling.commit(steps);
    expect(committed).toEqual([true, true, true, true]);
    expect(only(await db.jobs.entries(job.id))).toEqual(finished);
    expect(finished.version).toBe(4);
    expect(only(await db.jobs.tasksOf({ jobId: job.id, first: 5 }))).toEqual(ended);
    expect(await leaseOf(db, only(hosts).id)).toEqual(released);
    const told = await db.events.since(cursor, { first: 100 });
    expect(told.map((event) => `${event.kind} ${String(event.data.to)} ${String(event.data.version)}`)).toEqual([
      'task.queued undefined 1',
      'host.moved reserved 2',
      'entry.moved preparing 2',
      'task.moved running 2',
      'task.moved finished 3',
      'entry.moved ready 3',
      'entry.moved finished 4',
      'job.finished undefined undefined',
    ]);
    expect(await db.jobs.byId(job.id)).toMatchObject({ ...only([...jobs]), state: 'finished', outcome: 'stopped' });
    // What follows later builds on what is there.
    const later = newChange();
    later.takeLease(released, only(hosts).id, { kind: 'task', id: task.id }, 'd1');
    expect((await db.scheduling.commit([later])).committed).toEqual([true]);
    // Once more: each is stale now.
    expect((await db.scheduling.commit(steps)).committed).toEqual([false, false, false, false]);
    expect(await db.events.since(told.at(-1)?.id ?? 0, { first: 10 })).toEqual([]);
  });

  it.each(['at once', 'later'])(
    'leaves out what builds on a lost change, whatever the versions say (%s)',
    async (when) => {
      const { db } = opened;
      const { job, entries, hosts } = await submitWithHosts(db, 1);
      const entry = only(entries);
      const host = only(hosts);
      const newChange = await changes(db);
      const [lost, onLost, onThat] = [newChange(), newChange(), newChange()];
      const assigned = lost.moveEntry(entry, 'assign', { hostId: host.id });
      const reserved = lost.moveHost(host, 'reserve');
      const lease = lost.takeLease(undefined, host.id, { kind: 'entry', id: entry.id }, 'd1');
      onLost.moveEntry(assigned, 'host_ready');
      const elsewhere = onLost.patchHost(reserved, { dirty: true }, 'd1');
      onLost.passLease(lease, { kind: 'task', id: 1 });
      onThat.patchHost(elsewhere, { dirty: false }, 'd1');
      // Somebody else brings the rows to just the versions, and the lease to the state, that the lost change would have.
      await db.jobs.requestAbort(job.id, 'anna', 'wrong build');
      await db.hosts.update(host.id, { lockedBy: 'bob' }, 'bob');
      await db.hosts.update(host.id, { lockReason: 'mine' }, 'bob');
      await db.scheduling.write((w) => w.takeLease(undefined, host.id, { kind: 'entry', id: entry.id }, 'd2'));
      const before = await db.scheduling.load();
      if (when === 'at once')
        expect((await db.scheduling.commit([lost, onLost, onThat])).committed).toEqual([false, false, false]);
      else
        for (const change of [lost, onLost, onThat])
          expect((await db.scheduling.commit([change])).committed).toEqual([false]);
      expect(await db.scheduling.load()).toEqual(before);
      await expectCountsOf(db, job.id);
    },
  );

  it('takes one of two changes of the same row', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 1);
    const newChange = await changes(db);
    const [one, other] = [newChange(), newChange()];
    assign(one, only(entries), only(hosts));
    other.moveEntry(only(entries), 'give_up', { outcome: 'error' });
    expect((await db.scheduling.commit([one, other])).committed).toEqual([true, false]);
    expect(only(await db.jobs.entries(only(entries).jobId)).state).toBe('preparing');
  });

  it('leaves out what refers to a host that does not exist', async () => {
    const { db } = opened;
    const { job, entries } = await submitWithHosts(db, 1, { anyHosts: 1 });
    const newChange = await changes(db);
    const parts = Array.from({ length: 4 }, newChange);
    const [task, entry, lease, good] = parts;
    const any = entries[1];
    if (!any || !task || !entry || !lease || !good) throw new Error('no changes');
    task.addTask({ hostId: 4711, kind: 'verify', requestedBy: 'd1', dispatcherId: 'd1' });
    entry.moveEntry(any, 'assign', { hostId: 4711 });
    lease.takeLease(undefined, 4711, { kind: 'entry', id: any.id }, 'd1');
    good.moveEntry(any, 'give_up', { outcome: 'error' });
    expect((await db.scheduling.commit(parts)).committed).toEqual([false, false, false, true]);
    await expectCountsOf(db, job.id);
  });

  it('carries out thousands of changes at once', async () => {
    const { db } = opened;
    const { job, entries, hosts } = await submitWithHosts(db, 3, { anyHosts: 2000 });
    const newChange = await changes(db);
    const all = entries.map((entry) => {
      const change = newChange();
      const cause = { code: 'AT_X', message: 'x'.repeat(2000) };
      change.moveEntry(entry, 'give_up', { outcome: 'error', cause });
      return change;
    });
    const { committed } = await db.scheduling.commit(all);
    expect(committed.every(Boolean)).toBe(true);
    expect(hosts).toHaveLength(3);
    expect(await db.jobs.byId(job.id)).toMatchObject({ state: 'finished', outcome: 'error', finishedCount: 2003 });
    await expectCountsOf(db, job.id);
  });

  it('does nothing for no changes', async () => {
    expect(await opened.db.scheduling.commit([])).toEqual({ committed: [], jobs: [] });
  });

  it('gives a single change ids for a bounded number of rows', async () => {
    const { db } = opened;
    const hostId = only((await submitWithHosts(db, 1)).hosts).id;
    const addTasks = (count: number) =>
      db.scheduling.write((w) =>
        Array.from({ length: count }, () => w.addTask({ hostId, kind: 'verify', requestedBy: 'a', dispatcherId: 'd' })),
      );
    expect(await addTasks(16)).toHaveLength(16);
    await expect(addTasks(17)).rejects.toThrow('at most 16 tasks');
    const more = await addTasks(1);
    expect((await db.scheduling.load()).tasks.map((task) => task.id)).toContain(more?.[0]?.id);
    expect((await db.scheduling.load()).tasks).toHaveLength(17);
  });
}
