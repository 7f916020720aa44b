import { expect, it } from 'vitest';
import {
  changes,
  declareDead,
  expectCountsOf,
  only,
  register,
  startEntry,
  submitWithHosts,
  useDatabase,
  type StoreUnderTest,
} from './fixture.ts';

const fenced = { code: 'AT_FENCED' };

export function describeDispatchers(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('gives a process that takes an id a higher epoch each time, and tells of it', async () => {
    const { db } = opened;
    const dispatcher = { id: 'd1', machine: 'm', pid: 1, startedAt: 1, maxExecutions: 4, pools: ['a'] };
    expect(await db.scheduling.register(dispatcher)).toBe(1);
    const again = { ...dispatcher, pid: 2, startedAt: 2, onlyUsers: ['anna'], url: 'http://m' };
    expect(await db.scheduling.register(again)).toBe(2);
    expect(only(await db.scheduling.dispatchers())).toEqual({
      ...again,
      epoch: 2,
      draining: false,
      heartbeatAt: expect.any(Number),
    });
    const events = await db.events.since(0, { first: 10, kinds: ['dispatcher.changed'] });
    expect(events.map(({ data }) => [data.id, data.pid, data.epoch])).toEqual([
      ['d1', 1, 1],
      ['d1', 2, 2],
    ]);
  });

  it('takes signs of life of the process that has the id, without events', async () => {
    const { db } = opened;
    await register(db, 'd1');
    await register(db, 'd1');
    const cursor = await db.events.latestId();
    expect(await db.scheduling.beat({ id: 'd1', epoch: 2, shortage: 'disk full' })).toBe(true);
    expect(only(await db.scheduling.dispatchers()).shortage).toBe('disk full');
    expect(await db.scheduling.beat({ id: 'd1', epoch: 1 })).toBe(false);
    expect(await db.scheduling.beat({ id: 'd2', epoch: 1 })).toBe(false);
    expect(await db.scheduling.beat({ id: 'd1', epoch: 2 })).toBe(true);
    expect(only(await db.scheduling.dispatchers())).not.toHaveProperty('shortage');
    expect(await db.events.latestId()).toBe(cursor);
  });

  it('declares dead what gave no sign since it was seen last, once', async () => {
    const { db } = opened;
    await register(db, 'd1');
    const known = only(await db.scheduling.dispatchers());
    // Seen by somebody who looked before the last sign.
    expect(await db.scheduling.declareDead({ ...known, heartbeatAt: known.heartbeatAt - 1 })).toBe(false);
    expect(await db.scheduling.declareDead(known)).toBe(true);
    expect(await db.scheduling.declareDead(known)).toBe(false);
    expect(await db.scheduling.beat({ id: 'd1', epoch: 1 })).toBe(false);
    const [event] = await db.events.since(1, { first: 10, kinds: ['dispatcher.changed'] });
    expect(event?.data).toEqual({ id: 'd1', dead: true, epoch: 2 });
  });

  it('drains a dispatcher, over a restart too', async () => {
    const { db } = opened;
    await register(db, 'd1');
    await db.scheduling.setDraining('d1', true, 'anna');
    await register(db, 'd1');
    expect(only(await db.scheduling.dispatchers()).draining).toBe(true);
    await expect(db.scheduling.setDraining('d9', true, 'anna')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  it.each(['declared dead', 'registered again', 'never registered'])(
    'writes nothing for a dispatcher that was %s',
    async (how) => {
      const { db } = opened;
      const { job, entries, hosts } = await submitWithHosts(db, 2);
      const [first, second] = entries;
      if (!first || !second || !hosts[0]) throw new Error('no entries');
      const { executionId, epoch } = await startEntry(db, first, hosts[0].id);
      const fence = how === 'never registered' ? { dispatcherId: 'd1', epoch: 0 } : await register(db, 'd1');
      const newChange = await changes(db);
      const change = newChange();
      change.moveEntry(second, 'give_up', { outcome: 'error' });
      const records = [
        { v: 1, seq: 1, t: 1, epoch, scope: ['a'], kind: 'node.start', node: 'test', name: 'a' } as const,
      ];
      const batch = { fromOffset: 0, toOffset: 9, records };
      const waits = [{ key: 'k', reason: { code: 'hosts', message: 'm' } as const, entryIds: [second.id] }];
      if (how === 'declared dead') await declareDead(db, 'd1');
      if (how === 'registered again') await register(db, 'd1');
      const cursor = await db.events.latestId();
      await expect(db.scheduling.commit([change], fence)).rejects.toMatchObject(fenced);
      await expect(db.scheduling.setWaits(waits, fence)).rejects.toMatchObject(fenced);
      await expect(db.scheduling.ingest(executionId, batch, fence)).rejects.toMatchObject(fenced);
      await expect(db.scheduling.takeRole('planner', fence)).rejects.toMatchObject(fenced);
      expect(await db.events.latestId()).toBe(cursor);
      expect((await db.jobs.entries(job.id))[1]).toEqual(second);
      expect(await db.results.nodes({ executionId })).toEqual([]);
      // Under its new epoch it may.
      const fresh = await register(db, 'd1');
      expect((await db.scheduling.commit([change], fresh)).committed).toEqual([true]);
      await db.scheduling.setWaits(waits, fresh);
      expect(await db.scheduling.ingest(executionId, batch, fresh)).toMatchObject({ applied: true });
      await expectCountsOf(db, job.id);
    },
  );

  it('gives a role to one, until that one lets go of it or is dead', async () => {
    const { db } = opened;
    const first = await register(db, 'd1');
    const second = await register(db, 'd2');
    const taken = await db.scheduling.takeRole('planner', first);
    expect(taken).toMatchObject({ taken: true, role: { name: 'planner', dispatcherId: 'd1', epoch: 1 } });
    expect(await db.scheduling.takeRole('planner', second)).toEqual({ ...taken, taken: false });
    expect(await db.scheduling.takeRole('planner', first)).toEqual(taken);
    // Not its own to let go of.
    await db.scheduling.resignRole('planner', second);
    expect(await db.scheduling.takeRole('planner', second)).toMatchObject({ taken: false });
    await db.scheduling.resignRole('planner', first);
    expect(await db.scheduling.takeRole('planner', second)).toMatchObject({ taken: true, role: { epoch: 2 } });
    await declareDead(db, 'd2');
    expect(await db.scheduling.takeRole('planner', first)).toMatchObject({ taken: true, role: { epoch: 3 } });
    // Started again, its role from before is not its own any more.
    const restarted = await register(db, 'd1');
    expect(await db.scheduling.takeRole('planner', restarted)).toMatchObject({ taken: true, role: { epoch: 4 } });
    const other = await db.scheduling.takeRole('cleaner', restarted);
    expect(other).toMatchObject({ taken: true, role: { name: 'cleaner', epoch: 1 } });
  });

  it('refuses a commit in a role that was given up, that another has, or of another start', async () => {
    const { db } = opened;
    const { job, entries } = await submitWithHosts(db, 1);
    const first = await register(db, 'd1');
    const second = await register(db, 'd2');
    const newChange = await changes(db);
    const change = newChange();
    change.moveEntry(only(entries), 'give_up', { outcome: 'error' });
    const { role } = await db.scheduling.takeRole('planner', first);
    const planner = { ...first, role };
    await expect(db.scheduling.commit([change], { ...second, role })).rejects.toMatchObject(fenced);
    await db.scheduling.resignRole('planner', first);
    await expect(db.scheduling.commit([change], planner)).rejects.toMatchObject(fenced);
    const successor = { ...second, role: (await db.scheduling.takeRole('planner', second)).role };
    await expect(db.scheduling.commit([change], planner)).rejects.toMatchObject(fenced);
    const restarted = { ...successor, ...(await register(db, 'd2')) };
    await expect(db.scheduling.commit([change], restarted)).rejects.toMatchObject(fenced);
    expect(only(await db.jobs.entries(job.id))).toEqual(only(entries));
    const again = await db.scheduling.takeRole('planner', restarted);
    expect((await db.scheduling.commit([change], { ...restarted, role: again.role })).committed).toEqual([true]);
    // What it does in no role is fenced by its epoch alone.
    expect((await db.scheduling.commit([], first)).committed).toEqual([]);
  });
}
