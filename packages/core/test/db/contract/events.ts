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
