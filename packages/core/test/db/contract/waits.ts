import type { WaitReason } from '@autotest/core';
import { expect, it } from 'vitest';
import { newJob, only, putBundle, submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

const busy: WaitReason = {
  code: 'hosts',
  message: 'the hosts that fit are busy 😀',
  constraints: [{ needs: 'a free host', count: 2, nearest: [{ host: 'h1', lacks: 'time' }] }],
  unblock: ['add a host'],
  expectedAt: 1_700_000_000_000,
};

export function describeWaits(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  const submit = async (anyHosts: number) => {
    await putBundle(opened.db);
    return opened.db.jobs.submit(newJob({ anyHosts }));
  };

  it('keeps one row for all that wait for the same, and leaves the versions of entries alone', async () => {
    const { db } = opened;
    const first = await submit(2);
    const second = await submit(1);
    const entries = [...first.entries, ...second.entries];
    await db.scheduling.setWaits([{ key: 'busy', reason: busy, entryIds: entries.map(({ id }) => id) }]);
    const tied = [...(await db.lookup.entries(entries.map(({ id }) => id))).values()];
    const waitId = tied[0]?.waitId ?? 0;
    expect(tied).toEqual(entries.map((entry) => ({ ...entry, waitId })));
    const waits = await db.lookup.waits([waitId]);
    expect(only([...waits.values()])).toMatchObject({ key: 'busy', code: 'hosts', reason: busy });
    // Ties that stand stay, and the row with them.
    const shorter = { code: 'share', message: 'the account holds 3 of 3 hosts' } as const;
    await db.scheduling.setWaits([{ key: 'busy', reason: shorter, entryIds: [] }]);
    expect((await db.lookup.waits([waitId])).get(waitId)).toMatchObject({ id: waitId, code: 'share', reason: shorter });
    expect([...(await db.lookup.entries(entries.map(({ id }) => id))).values()]).toEqual(tied);
  });

  it('tells of what is new: at most 20 entries of a reason that changes, and each that comes to it', async () => {
    const { db } = opened;
    const { job, entries } = await submit(30);
    const ids = entries.map(({ id }) => id);
    const told = async (after: number) => {
      const events = await db.events.since(after, { first: 100, kinds: ['entry.waiting'] });
      return events.map((event) => event.entryId);
    };
    let cursor = await db.events.latestId();
    await db.scheduling.setWaits([{ key: 'busy', reason: busy, entryIds: ids.slice(0, 25) }]);
    expect(await told(cursor)).toEqual(ids.slice(0, 20));
    expect((await db.events.since(cursor, { first: 1 }))[0]).toMatchObject({
      kind: 'entry.waiting',
      jobId: job.id,
      entryId: ids[0],
      data: { code: busy.code, message: busy.message },
    });
    cursor = await db.events.latestId();
    await db.scheduling.setWaits([{ key: 'busy', reason: { ...busy }, entryIds: ids.slice(0, 25) }]);
    expect(await told(cursor)).toEqual([]);
    await db.scheduling.setWaits([{ key: 'busy', reason: busy, entryIds: ids.slice(20, 28) }]);
    expect(await told(cursor)).toEqual(ids.slice(25, 28));
    cursor = await db.events.latestId();
    await db.scheduling.setWaits([{ key: 'busy', reason: { ...busy, message: 'soon' }, entryIds: [] }]);
    expect(await told(cursor)).toEqual(ids.slice(0, 20));
  });

  it('moves an entry from one reason to another, many reasons at once', async () => {
    const { db } = opened;
    const { entries } = await submit(250);
    const each = (text: string) =>
      entries.map(({ id }) => ({ key: `${text} ${id}`, reason: { ...busy, message: text }, entryIds: [id] }));
    await db.scheduling.setWaits(each('first'));
    await db.scheduling.setWaits(each('second'));
    const rows = await db.jobs.entries(entries[0]?.jobId ?? 0);
    const waits = await db.lookup.waits(rows.flatMap(({ waitId }) => waitId ?? []));
    expect(rows.map(({ waitId }) => waits.get(waitId ?? 0)?.key)).toEqual(entries.map(({ id }) => `second ${id}`));
  });

  it('passes over entries that are not queued, and a move takes the reason away', async () => {
    const { db } = opened;
    const { job, entries } = await submitWithHosts(db, 2);
    const [entry, other] = entries;
    if (!entry || !other) throw new Error('no entries');
    const wait = { key: 'busy', reason: busy, entryIds: [entry.id, other.id] };
    await db.scheduling.setWaits([wait]);
    const assigned = await db.scheduling.write((w) => w.moveEntry(entry, 'assign'));
    expect(assigned).not.toHaveProperty('waitId');
    const cursor = await db.events.latestId();
    await db.scheduling.setWaits([wait, { ...wait, key: 'another' }]);
    expect((await db.events.since(cursor, { first: 9 })).map((event) => event.entryId)).toEqual([other.id]);
    const [now] = await db.jobs.entries(job.id);
    expect(now).toEqual(assigned);
  });

  it('keeps apart keys that are longer than the column', async () => {
    const { db } = opened;
    const { entries } = await submit(2);
    const key = 'x'.repeat(300);
    await db.scheduling.setWaits(
      entries.map(({ id }, n) => ({
        key: `${key}${n}`,
        reason: { ...busy, message: `${n}${'m'.repeat(9000)}` },
        entryIds: [id],
      })),
    );
    const rows = await db.jobs.entries(entries[0]?.jobId ?? 0);
    expect(new Set(rows.map(({ waitId }) => waitId)).size).toBe(2);
    const waits = await db.lookup.waits(rows.flatMap(({ waitId }) => waitId ?? []));
    for (const { reason } of waits.values()) expect(reason.message.length).toBeLessThanOrEqual(4000);
  });
}
