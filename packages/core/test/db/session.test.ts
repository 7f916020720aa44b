import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Session } from '../../src/db/session.ts';
import { eventsSince } from '../../src/db/stores/events/since.ts';
import { userStore } from '../../src/db/stores/users/user-store.ts';
import { openSession } from './contract/open-session.ts';

describe('transactions', () => {
  let opened: Awaited<ReturnType<typeof openSession>>;
  let session: Session;
  let users: ReturnType<typeof userStore>;

  beforeEach(async () => {
    opened = await openSession('sqlite::memory:');
    session = opened.session;
    users = userStore(session);
  });
  afterEach(() => opened.close());

  const events = async () => (await eventsSince(session, 0, { first: 10 })).events;

  it('in one process wait for each other', async () => {
    const order: string[] = [];
    const slow = (name: string) =>
      session.write(async (tx) => {
        order.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        tx.emit({ kind: 'host.changed', data: { name } });
        order.push(`${name} ends`);
      });
    await Promise.all([slow('a'), slow('b')]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    expect((await events()).map((event) => event.data.name)).toEqual(['a', 'b']);
  });

  it('take in the stores that are used inside of them', async () => {
    const seen = await session.write(async (tx) => {
      await users.add({ login: 'anna', role: 'user' });
      tx.emit({ kind: 'host.changed', data: {} });
      return { count: await users.count(), events: await events() };
    });
    // Events come last.
    expect(seen).toEqual({ count: 1, events: [] });
    expect(await events()).toHaveLength(1);
  });

  it('do not take in what was started inside of them and runs on after their end', async () => {
    let later: Promise<unknown> = Promise.resolve();
    await session.write(async () => {
      later = new Promise((resolve) => setTimeout(resolve, 20)).then(() => users.add({ login: 'late', role: 'user' }));
    });
    await later;
    expect(await users.count()).toBe(1);
  });

  it('that fail leave nothing behind, no event either, and block nobody', async () => {
    const failing = session.write(async (tx) => {
      await users.add({ login: 'a', role: 'user' });
      tx.emit({ kind: 'host.changed', data: {} });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await users.count()).toBe(0);
    expect(await events()).toEqual([]);
    await users.add({ login: 'a', role: 'user' });
  });
});
