import { expect, it, vi } from 'vitest';
import { useDatabase, type StoreUnderTest } from './fixture.ts';

export function describeEvents(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('gives events after a cursor, in order, filtered and page by page', async () => {
    const { events } = opened.db;
    expect(await events.latestId()).toBe(0);
    for (let n = 1; n <= 5; n++)
      await events.append({ kind: n % 2 ? 'job.submitted' : 'job.finished', jobId: n, data: { n } });
    const all = await events.since(0, { first: 10 });
    expect(all.map((event) => event.data.n)).toEqual([1, 2, 3, 4, 5]);
    expect(all[0]).toEqual({
      id: expect.any(Number),
      t: expect.any(Number),
      kind: 'job.submitted',
      jobId: 1,
      data: { n: 1 },
    });
    expect(await events.since(0, { first: 2 })).toEqual(all.slice(0, 2));
    expect(await events.since(all[1]?.id ?? 0, { first: 10, kinds: ['job.submitted'] })).toEqual([all[2], all[4]]);
    expect(await events.since(0, { first: 10, jobId: 4 })).toEqual([all[3]]);
    expect(await events.since(0, { first: 10, kinds: [] })).toEqual([]);
    expect(await events.latestId()).toBe(all[4]?.id);
  });

  it('tells how far it looked, past what was not asked for', async () => {
    const { events } = opened.db;
    expect(await events.page(0, { first: 2 })).toEqual({ events: [], cursor: 0, hasMore: false });
    for (let n = 1; n <= 4; n++)
      await events.append({ kind: n === 4 ? 'job.finished' : 'job.submitted', jobId: n, data: { n } });
    const ids = (await events.since(0, { first: 9 })).map(({ id }) => id);
    const first = await events.page(0, { first: 2, kinds: ['job.submitted'] });
    expect(first).toMatchObject({ events: [{ jobId: 1 }, { jobId: 2 }], cursor: ids[1], hasMore: true });
    const second = await events.page(first.cursor, { first: 2, kinds: ['job.submitted'] });
    expect(second).toMatchObject({ events: [{ jobId: 3 }], cursor: ids[3], hasMore: false });
    expect(await events.page(second.cursor, { first: 2 })).toEqual({ events: [], cursor: ids[3], hasMore: false });
  });

  it('calls back after an append, until told to stop', async () => {
    const { events } = opened.db;
    const callback = vi.fn<() => void>();
    const stop = events.onAppend(callback);
    await events.append({ kind: 'host.changed', data: {} });
    await vi.waitFor(() => expect(callback).toHaveBeenCalled(), { timeout: 10_000 });
    stop();
    stop();
    const before = callback.mock.calls.length;
    const other = vi.fn<() => void>();
    events.onAppend(other);
    await events.append({ kind: 'host.changed', data: {} });
    await vi.waitFor(() => expect(other).toHaveBeenCalled(), { timeout: 10_000 });
    expect(callback.mock.calls.length).toBe(before);
  });
}
