import type { WaitReason } from '@autotest/core';
import { expect, it } from 'vitest';
import { newJob, putBundle, startEntry, submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

const busy: WaitReason = { code: 'hosts', message: 'the hosts are busy' };

export function describePositions(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('are by priority, then age, among the queued entries that wait for the same', async () => {
    const { db } = opened;
    await putBundle(db);
    const submit = async (priority: number, anyHosts = 1) =>
      (await db.jobs.submit(newJob({ anyHosts, priority }))).entries.map(({ id }) => id);
    const [old = 0] = await submit(10);
    const [low = 0] = await submit(5);
    const pair = await submit(10, 2);
    const [urgent = 0] = await submit(20);
    const [other = 0] = await submit(30);
    const all = [old, low, ...pair, urgent];
    await db.scheduling.setWaits([
      { key: 'busy', reason: busy, entryIds: all },
      { key: 'other', reason: { ...busy, message: 'other' }, entryIds: [other] },
    ]);
    const positions = await db.lookup.positions([...all, other]);
    expect(all.map((id) => positions.get(id)?.position)).toEqual([2, 5, 3, 4, 1]);
    expect(positions.get(low)).toEqual({ position: 5, queueLength: 5 });
    expect(positions.get(other)).toEqual({ position: 1, queueLength: 1 });
  });

  it('exist only for what is queued for a reason', async () => {
    const { db } = opened;
    const { entries, hosts } = await submitWithHosts(db, 2);
    const [first, second] = entries;
    if (!first || !second) throw new Error('no entries');
    expect(await db.lookup.positions([first.id, second.id, 4711])).toEqual(new Map());
    await db.scheduling.setWaits([{ key: 'busy', reason: busy, entryIds: [first.id, second.id] }]);
    await startEntry(db, first, hosts[0]?.id ?? 0);
    expect(await db.lookup.positions([first.id, second.id])).toEqual(
      new Map([[second.id, { position: 1, queueLength: 1 }]]),
    );
  });

  it('are counted up to 10000', async () => {
    const { db } = opened;
    await putBundle(db);
    const { entries } = await db.jobs.submit(newJob({ anyHosts: 10_003 }));
    const ids = entries.map(({ id }) => id);
    await db.scheduling.setWaits([{ key: 'busy', reason: busy, entryIds: ids }]);
    const positions = await db.lookup.positions([ids[9_999] ?? 0, ids[10_002] ?? 0]);
    expect([...positions.values()]).toEqual([
      { position: 10_000, queueLength: 10_001 },
      { position: 10_001, queueLength: 10_001 },
    ]);
  });
}
