import { silentLog } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import { makeTestDatabase } from '@autotest/core/testing';
import * as fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cancellable } from '../../src/events/cancellable.ts';
import { EventFeed } from '../../src/events/event-feed.ts';

async function start(options: { maxQueue?: number } = {}) {
  const database = await makeTestDatabase();
  const feed = new EventFeed(database, { log: silentLog, ...options });
  onTestFinished(async () => {
    await feed.close();
    await database.close();
  });
  return {
    database,
    feed,
    follow: (args: { after?: number; jobId?: number } = {}) =>
      cancellable(new AbortController().signal, (signal) => feed.follow({ ...args, signal })),
  };
}

async function append(database: Database, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await database.events.append({ kind: 'dispatcher.changed', data: { n } });
}

/** Ids of the next events. */
async function take(stream: ReturnType<typeof cancellable<{ row: { id: number } }>>, count: number): Promise<number[]> {
  const ids: number[] = [];
  while (ids.length < count) {
    const { value, done } = await stream.next();
    if (done || !value) break;
    ids.push(value.row.id);
  }
  return ids;
}

const upTo = (last: number, first = 1) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

describe('the feed of events', () => {
  test('gives what is stored after a cursor, then what comes', async () => {
    const { database, follow } = await start();
    await append(database, 5);
    const stream = follow({ after: 2 });
    expect(await take(stream, 3)).toEqual([3, 4, 5]);
    const next = take(stream, 2);
    await append(database, 2);
    expect(await next).toEqual([6, 7]);
  });

  test('begins now without a cursor', async () => {
    const { database, follow } = await start();
    await append(database, 3);
    const stream = follow();
    let seen: number[] | undefined;
    const reading = take(stream, 1).then((ids) => (seen = ids));
    await expect.poll(async () => append(database, 1).then(() => seen)).toBeDefined();
    expect((await reading)[0]).toBeGreaterThan(3);
  });

  test('loses none and repeats none, whoever appends while subscribers come and read at their own pace', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 30 }),
        fc.array(fc.record({ append: fc.integer({ min: 0, max: 20 }), read: fc.integer({ min: 0, max: 15 }) }), {
          maxLength: 8,
        }),
        fc.integer({ min: 1, max: 5 }),
        async (before, turns, maxQueue) => {
          const database = await makeTestDatabase();
          const feed = new EventFeed(database, { log: silentLog, maxQueue });
          try {
            await append(database, before);
            const stream = cancellable(new AbortController().signal, (signal) => feed.follow({ after: 0, signal }));
            let total = before;
            const seen: number[] = [];
            for (const turn of turns) {
              await append(database, turn.append);
              total += turn.append;
              seen.push(...(await take(stream, Math.min(turn.read, total - seen.length))));
            }
            seen.push(...(await take(stream, total - seen.length)));
            expect(seen).toEqual(upTo(total));
            await stream.return();
          } finally {
            await feed.close();
            await database.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  test('keeps no more than its queue for a subscriber that does not read, and loses nothing for it', async () => {
    const { database, follow } = await start({ maxQueue: 10 });
    const slow = follow({ after: 0 });
    const fast = follow({ after: 0 });
    await append(database, 1);
    expect(await take(slow, 1)).toEqual([1]);
    const reading = take(fast, 300);
    await append(database, 299);
    expect(await reading).toEqual(upTo(300));
    expect(await take(slow, 299)).toEqual(upTo(300, 2));
  });

  test('gives a job its own events only', async () => {
    const { database, follow } = await start();
    const stream = follow({ after: 0, jobId: 7 });
    const next = stream.next();
    for (const jobId of [1, 7, 2, 7]) await database.events.append({ kind: 'job.finished', jobId, data: {} });
    expect((await next).value?.row).toMatchObject({ id: 2, jobId: 7 });
    expect((await stream.next()).value?.row).toMatchObject({ id: 4, jobId: 7 });
  });

  test('lets go of a subscriber that waits, and of the reader with the last one', async () => {
    const { feed, follow } = await start();
    const stream = follow();
    const waiting = stream.next();
    await expect.poll(() => feed.size).toBe(1);
    await stream.return();
    expect((await waiting).done).toBe(true);
    expect(feed.size).toBe(0);
  });

  test('ends all subscribers when it is closed', async () => {
    const { feed, follow } = await start();
    const waiting = [follow().next(), follow().next()];
    await expect.poll(() => feed.size).toBe(2);
    await feed.close();
    expect((await Promise.all(waiting)).every(({ done }) => done)).toBe(true);
    expect((await follow().next()).done).toBe(true);
  });
});
