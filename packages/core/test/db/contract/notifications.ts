import type { ClaimedDelivery, Database, NewNotificationRule } from '@autotest/core/db';
import { expect, it } from 'vitest';
import { newJob, only, putBundle, submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

export function webhookRule(more: Partial<NewNotificationRule> = {}): NewNotificationRule {
  return {
    owner: 'anna',
    channel: 'webhook',
    target: 'https://ci.example.org/hook',
    secret: 'whsec_c2VjcmV0',
    ...more,
  };
}

/** Queues one delivery of each rule, of an event of its own. */
export async function enqueue(db: Database, ...ruleIds: number[]): Promise<void> {
  for (const ruleId of ruleIds) {
    const fromId = await db.notifications.cursor();
    const toId = fromId + 1;
    const deliveries = [{ ruleId, eventId: toId, payload: '{"version":1}' }];
    expect(await db.notifications.advance({ fromId, toId, deliveries })).toBe(true);
  }
}

/** Claims everything that is due at `now`. */
export async function claimAll(db: Database, now: number, untilMs = now + 1000): Promise<ClaimedDelivery[]> {
  const due = await db.notifications.due({ now, first: 100, perTarget: 100 });
  return db.notifications.claim(
    due.map(({ id }) => id),
    { now, untilMs },
  );
}

const later = () => Date.now() + 60_000;

export function describeNotifications(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('adds, changes, lists and removes rules, and tells of it without saying where they lead', async () => {
    const { notifications, events } = opened.db;
    const standing = await notifications.addRule(
      webhookRule({ filter: { outcomes: ['failed'], nameContains: 'boot' } }),
    );
    const ofJob = await notifications.addRule({ owner: 'bob', channel: 'mail', target: 'bob@example.org', jobId: 7 });
    expect(standing).toMatchObject({ enabled: true, filter: { outcomes: ['failed'], nameContains: 'boot' } });
    expect(ofJob).toMatchObject({ jobId: 7, filter: {} });
    expect(ofJob).not.toHaveProperty('secret');
    expect(await notifications.ruleById(standing.id)).toEqual(standing);
    expect(await notifications.rules({ first: 9 })).toEqual([ofJob, standing]);
    expect(await notifications.rules({ first: 9, owner: 'anna' })).toEqual([standing]);
    expect(await notifications.rules({ first: 9, jobId: 7 })).toEqual([ofJob]);
    expect(await notifications.rules({ first: 1, beforeId: ofJob.id })).toEqual([standing]);
    expect(await notifications.rulesAbout([7, 8])).toEqual([standing, ofJob]);
    expect(await notifications.rulesAbout([])).toEqual([standing]);
    expect(await notifications.standingRule('anna', standing.target)).toEqual(standing);
    expect(await notifications.standingRule('bob', standing.target)).toBeUndefined();
    expect(await notifications.standingRule('bob', ofJob.target)).toBeUndefined();
    const changed = await notifications.updateRule(standing.id, { enabled: false, filter: {} }, 'root');
    expect(changed).toMatchObject({ enabled: false, filter: {}, target: standing.target });
    expect(await notifications.rulesAbout([7])).toEqual([ofJob]);
    await notifications.removeRule(ofJob.id, 'bob');
    expect(await notifications.rules({ first: 9 })).toEqual([changed]);
    await expect(notifications.updateRule(4711, { enabled: true }, 'x')).rejects.toMatchObject({
      code: 'AT_NOT_FOUND',
    });
    await expect(notifications.removeRule(ofJob.id, 'x')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    await expect(notifications.enqueueTest(ofJob.id, '{}', 'x')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    await expect(notifications.redeliver(4711, 'x')).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    const told = await events.since(0, { first: 9 });
    expect(told.map(({ kind, data }) => [kind, data.change, data.ruleId, data.by])).toEqual([
      ['notification.changed', 'added', standing.id, 'anna'],
      ['notification.changed', 'added', ofJob.id, 'bob'],
      ['notification.changed', 'changed', standing.id, 'root'],
      ['notification.changed', 'removed', ofJob.id, 'bob'],
    ]);
    expect(JSON.stringify(told)).not.toMatch(/example\.org|whsec/);
  });

  it('begins at the newest event, also where a rule is older than the first notifier', async () => {
    const { db } = opened;
    await db.events.append({ kind: 'job.finished', data: {} });
    const before = await db.events.latestId();
    await db.notifications.addRule(webhookRule());
    await db.events.append({ kind: 'job.finished', data: {} });
    expect(await db.notifications.cursor()).toBe(before);
  });

  it('begins at the newest event where nobody added a rule', async () => {
    const { db } = opened;
    await db.events.append({ kind: 'job.finished', data: {} });
    expect(await db.notifications.cursor()).toBe(await db.events.latestId());
  });

  it('queues what events tell of once, however often it is tried', async () => {
    const { notifications } = opened.db;
    const rule = await notifications.addRule(webhookRule());
    const fromId = await notifications.cursor();
    const delivery = { ruleId: rule.id, eventId: fromId + 3, jobId: 5, payload: '{"a":"ü😀"}' };
    const step = { fromId, toId: fromId + 5, deliveries: [delivery] };
    const both = await Promise.all([notifications.advance(step), notifications.advance(step)]);
    expect(both.toSorted()).toEqual([false, true]);
    expect(await notifications.cursor()).toBe(fromId + 5);
    // The key holds even where the cursor would not.
    expect(await notifications.advance({ ...step, fromId: fromId + 5, toId: fromId + 6 })).toBe(true);
    const row = only(await notifications.deliveries({ first: 9 }));
    expect(row).toMatchObject({ ...delivery, state: 'queued', attempts: 0 });
    expect(await notifications.deliveryById(row.id)).toEqual(row);
  });

  it('gives what is due to one who claims it, and to another one when the time of the first is over', async () => {
    const { notifications } = opened.db;
    const rule = await notifications.addRule(webhookRule());
    await enqueue(opened.db, rule.id);
    const now = later();
    expect(await notifications.due({ now: 1, first: 9, perTarget: 9 })).toEqual([]);
    const due = only(await notifications.due({ now, first: 9, perTarget: 9 }));
    expect(due).toEqual({ id: due.id, channel: 'webhook', target: rule.target });
    const first = only(await notifications.claim([due.id], { now, untilMs: now + 10 }));
    expect(first.rule).toEqual(rule);
    expect(first.delivery).toMatchObject({ state: 'sending', attempts: 1, nextAt: now + 10 });
    expect(await notifications.deliveryById(due.id)).toEqual(first.delivery);
    expect(await notifications.claim([due.id], { now, untilMs: now + 10 })).toEqual([]);
    const second = only(await claimAll(opened.db, now + 10));
    expect(second.delivery).toMatchObject({ id: due.id, attempts: 2 });
    expect(await notifications.markSent(first.delivery)).toBe(false);
    expect(await notifications.markFailed(first.delivery, { problem: 'x' })).toBe(false);
    expect(await notifications.giveBack(first.delivery)).toBe(false);
    expect(await notifications.markSent(second.delivery, 'one address was refused')).toBe(true);
    const sent = await notifications.deliveryById(due.id);
    expect(sent).toMatchObject({ state: 'sent', problem: 'one address was refused', sentAt: expect.any(Number) });
    expect(sent).not.toHaveProperty('nextAt');
    expect(await claimAll(opened.db, now + 1_000_000)).toEqual([]);
  });

  it('tries again when it is told to, until it has failed for good', async () => {
    const { notifications, events } = opened.db;
    const rule = await notifications.addRule(webhookRule());
    await enqueue(opened.db, rule.id);
    const now = later();
    const first = only(await claimAll(opened.db, now));
    expect(await notifications.markFailed(first.delivery, { problem: 'status 500', nextAt: now + 50 })).toBe(true);
    expect(await claimAll(opened.db, now + 49)).toEqual([]);
    const given = only(await claimAll(opened.db, now + 50));
    expect(await notifications.giveBack(given.delivery)).toBe(true);
    const second = only(await claimAll(opened.db, now + 50));
    expect(second.delivery).toMatchObject({ id: first.delivery.id, attempts: 2, problem: 'status 500' });
    const cursor = await events.latestId();
    expect(await notifications.markFailed(second.delivery, { problem: `gone ${'x'.repeat(70_000)}` })).toBe(true);
    const failed = await notifications.deliveryById(first.delivery.id);
    expect(failed).toMatchObject({ state: 'failed', attempts: 2, problem: expect.stringMatching(/^gone x+…/) });
    expect(await claimAll(opened.db, now + 1_000_000)).toEqual([]);
    expect(only(await events.since(cursor, { first: 9 })).data).toMatchObject({ change: 'failed' });
    await notifications.redeliver(first.delivery.id, 'root');
    const again = only(await claimAll(opened.db, now + 100));
    expect(again.delivery).toMatchObject({ id: first.delivery.id, attempts: 1 });
    expect(again.delivery).not.toHaveProperty('problem');
    expect(await notifications.redeliver(first.delivery.id, 'root')).toMatchObject({ state: 'sending', attempts: 1 });
  });

  it('does not let many for one target hide those for another', async () => {
    const { notifications } = opened.db;
    const slow = await notifications.addRule(webhookRule({ target: 'https://slow.example.org/' }));
    const alsoSlow = await notifications.addRule(webhookRule({ target: 'https://slow.example.org/' }));
    const quick = await notifications.addRule({ owner: 'bob', channel: 'mail', target: 'bob@example.org' });
    await enqueue(opened.db, slow.id, alsoSlow.id, slow.id, alsoSlow.id, quick.id);
    const due = await notifications.due({ now: later(), first: 3, perTarget: 2 });
    expect(due.map(({ target }) => target)).toEqual([slow.target, slow.target, quick.target]);
  });

  it('fails what is queued when its rule is switched off, and forgets it when the rule is removed', async () => {
    const { notifications } = opened.db;
    const rule = await notifications.addRule(webhookRule());
    await enqueue(opened.db, rule.id, rule.id);
    const now = later();
    const [claimed] = await claimAll(opened.db, now);
    await notifications.giveBack(claimed?.delivery ?? only([]));
    await notifications.updateRule(rule.id, { enabled: false, reason: 'It is gone.' }, 'bob');
    expect((await notifications.deliveries({ first: 9, state: 'failed' })).map(({ problem }) => problem)).toEqual([
      'It is gone.',
    ]);
    await notifications.removeRule(rule.id, 'bob');
    expect(await notifications.deliveries({ first: 9 })).toEqual([]);
  });

  it('lists deliveries newest first, by key, with filters', async () => {
    const { notifications } = opened.db;
    const anna = await notifications.addRule(webhookRule());
    const bob = await notifications.addRule(webhookRule({ owner: 'bob', jobId: 3 }));
    await enqueue(opened.db, anna.id, bob.id);
    const test = await notifications.enqueueTest(anna.id, '{"type":"test"}', 'anna');
    await notifications.enqueueTest(anna.id, '{"type":"test"}', 'anna');
    const rulesOf = async (query: Partial<Parameters<typeof notifications.deliveries>[0]>) =>
      (await notifications.deliveries({ first: 9, ...query })).map(({ ruleId }) => ruleId);
    expect(await rulesOf({})).toEqual([anna.id, anna.id, bob.id, anna.id]);
    expect(await rulesOf({ first: 1, beforeId: test.id })).toEqual([bob.id]);
    expect(await rulesOf({ owner: 'bob' })).toEqual([bob.id]);
    expect(await rulesOf({ ruleId: anna.id, state: 'queued' })).toEqual([anna.id, anna.id, anna.id]);
    expect(await rulesOf({ jobId: 3 })).toEqual([]);
    expect(await notifications.deliveryById(test.id)).toEqual(test);
  });

  it('adds rules with the job that they are about, once', async () => {
    const { db } = opened;
    await putBundle(db);
    const options = {
      requestId: 'r',
      notify: [{ owner: 'anna', channel: 'mail', target: 'anna@example.org' }],
    } as const;
    const { job } = await db.jobs.submit(newJob(), options);
    await db.jobs.submit(newJob(), options);
    expect(only(await db.notifications.rules({ first: 9 }))).toMatchObject({
      jobId: job.id,
      target: 'anna@example.org',
    });
  });

  it('tells once when a job starts', async () => {
    const { db } = opened;
    const { job, entries } = await submitWithHosts(db, 2);
    const startsTold = async () =>
      (await db.events.since(0, { first: 100, jobId: job.id, kinds: ['job.started'] })).length;
    for (const entry of entries) {
      const ready = await db.scheduling.write((change) =>
        change.moveEntry(change.moveEntry(entry, 'assign', { hostId: entry.hostId ?? null }), 'host_ready'),
      );
      expect(await startsTold()).toBe(entry.index);
      if (ready) await db.scheduling.write((change) => change.moveEntry(ready, 'launch'));
      expect(await startsTold()).toBe(1);
    }
  });
}
