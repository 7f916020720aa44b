import { makeTestDatabase } from '@autotest/core/testing';
import { describe, expect, it } from 'vitest';

describe('transactions', () => {
  it('in one process wait for each other', async () => {
    const db = await makeTestDatabase();
    const order: string[] = [];
    const slow = (name: string) =>
      db.scheduling.write(async (w) => {
        order.push(`${name} begins`);
        await new Promise((resolve) => setTimeout(resolve, 5));
        await w.event({ kind: 'host.changed', data: { name } });
        order.push(`${name} ends`);
      });
    await Promise.all([slow('a'), slow('b')]);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
    await db.close();
  });

  it('do not take in what was started inside of them and runs on after their end', async () => {
    const db = await makeTestDatabase();
    let later: Promise<unknown> = Promise.resolve();
    await db.scheduling.write(async () => {
      later = new Promise((resolve) => setTimeout(resolve, 20)).then(() =>
        db.users.add({ login: 'late', role: 'user' }),
      );
    });
    await later;
    expect(await db.users.count()).toBe(1);
    await db.close();
  });

  it('that fail leave nothing behind and block nobody', async () => {
    const db = await makeTestDatabase();
    const failing = db.scheduling.write(async () => {
      await db.users.add({ login: 'a', role: 'user' });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await db.users.count()).toBe(0);
    await db.users.add({ login: 'a', role: 'user' });
    await db.close();
  });
});
