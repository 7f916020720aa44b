import type { Database } from '@autotest/core/db';
import { expect, it } from 'vitest';
import type { useDatabase } from './fixture.ts';
import { claimAll, enqueue, webhookRule } from './notifications.ts';

/** What must hold when several notifiers work at once. */
export function describeNotificationRaces(opened: ReturnType<typeof useDatabase>): void {
  it('gives each delivery to one of several who claim at the same moment', async () => {
    const databases = [opened.db, await opened.again(), await opened.again()];
    const rule = await opened.db.notifications.addRule(webhookRule());
    await enqueue(opened.db, ...Array.from({ length: 30 }, () => rule.id));
    const now = Date.now() + 60_000;
    const taken: number[] = [];
    while (taken.length < 30) {
      const claims = (await Promise.all(databases.map((db) => claimAll(db, now)))).flat();
      taken.push(...claims.map(({ delivery }) => delivery.id));
    }
    expect(new Set(taken).size).toBe(30);
    const rows = await opened.db.notifications.deliveries({ first: 99 });
    expect(rows.map(({ state, attempts }) => [state, attempts])).toEqual(rows.map(() => ['sending', 1]));
  });

  it('moves the cursor once for each stretch of events, with what they tell of', async () => {
    const databases = [opened.db, await opened.again()];
    const rule = await opened.db.notifications.addRule(webhookRule());
    const start = await opened.db.notifications.cursor();
    const walk = async (db: Database) => {
      let moved = 0;
      for (;;) {
        const fromId = await db.notifications.cursor();
        if (fromId >= start + 25) return moved;
        const deliveries = [{ ruleId: rule.id, eventId: fromId + 1, payload: '{}' }];
        if (await db.notifications.advance({ fromId, toId: fromId + 1, deliveries })) moved += 1;
      }
    };
    const moved = await Promise.all(databases.map(walk));
    expect(moved.reduce((sum, count) => sum + count)).toBe(25);
    expect(await opened.db.notifications.deliveries({ first: 99 })).toHaveLength(25);
  });
}
