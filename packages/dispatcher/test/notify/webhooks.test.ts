import { createHmac } from 'node:crypto';
import type { JobFinishedMessage, NotificationMessage } from '@autotest/core';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { Lab, secret } from './lab.ts';
import { startReceiver, type Receiver } from './receiver.ts';

function messages({ requests }: Receiver): NotificationMessage[] {
  return requests.map(({ body }) => JSON.parse(body) as NotificationMessage);
}

test('A job that ends is told to its webhook, signed, with what failed and how to run it again.', async () => {
  const lab = await Lab.open();
  const receiver = await startReceiver();
  await lab.webhook(receiver.url);
  lab.start({ publicUrl: 'https://tests.example.org/' });
  const host = await lab.addHost('build-7');
  const job = await lab.runJob({
    name: 'nightly',
    outcome: 'failed',
    host,
    tests: [
      { name: 'boot', outcome: 'pass' },
      { name: 'disk', outcome: 'fail', reason: 'too slow' },
      { name: 'net', outcome: 'skip' },
    ],
  });
  const [delivery] = await lab.untilDeliveries(1);
  expect(delivery).toMatchObject({ jobId: job.id, attempts: 1, sentAt: expect.any(Number) });
  expect(delivery).not.toHaveProperty('problem');
  const [request] = receiver.requests;
  if (!request) throw new Error('nothing arrived');
  const headers = request.headers as Record<string, string>;
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': `dlv_${delivery?.id}` });
  expect(new Webhook(secret).verify(request.body, headers)).toEqual(JSON.parse(request.body));
  expect(() => new Webhook(secret).verify(`${request.body} `, headers)).toThrow(/signature/);
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${request.body}`;
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  expect(JSON.parse(request.body)).toEqual({
    version: 1,
    type: 'job.finished',
    timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    data: {
      job: {
        id: job.id,
        name: 'nightly',
        owner: 'anna',
        state: 'finished',
        outcome: 'failed',
        createdAt: new Date(job.createdAt).toISOString(),
        startedAt: new Date(job.startedAt ?? 0).toISOString(),
        finishedAt: new Date(job.finishedAt ?? 0).toISOString(),
        durationMs: (job.finishedAt ?? 0) - (job.startedAt ?? 0),
        url: `https://tests.example.org/jobs/${job.id}`,
        reproduce: `autotest job rerun ${job.id}`,
      },
      entries: [{ index: 0, host: 'build-7', outcome: 'failed', attempt: 1 }],
      moreEntries: 0,
      tests: { total: 3, pass: 1, fail: 1, skip: 1 },
      failedTests: [{ path: 'disk', outcome: 'fail', reason: 'too slow', host: 'build-7' }],
      moreFailedTests: 0,
    } satisfies JobFinishedMessage['data'],
  });
});

test('The start of a job, a host set aside and a test of a rule are told to those who ask for them.', async () => {
  const lab = await Lab.open();
  const receiver = await startReceiver();
  const rule = await lab.webhook(receiver.url, { filter: { on: ['job.started', 'host.setAside'] } });
  lab.start();
  const job = await lab.runJob();
  await lab.until('the start', () => receiver.requests.length === 1);
  const host = await lab.addHost('bad');
  await lab.setAside(host, 'no disk');
  await lab.until('the host', () => receiver.requests.length === 2);
  await lab.database.notifications.enqueueTest(rule.id, '{"version":1,"type":"test"}', 'anna');
  await lab.untilDeliveries(3);
  expect(messages(receiver)).toMatchObject([
    { type: 'job.started', data: { job: { id: job.id } } },
    { type: 'host.setAside', data: { host: { id: host.id, name: 'bad', reason: 'no disk' } } },
    { type: 'test' },
  ]);
});

test('What does not arrive is sent again under the same name, until it does.', async () => {
  const lab = await Lab.open();
  let failures = 2;
  const receiver = await startReceiver((_, response) => response.writeHead(failures-- > 0 ? 500 : 200).end('no\nluck'));
  await lab.webhook(receiver.url);
  lab.start();
  await lab.runJob();
  const [delivery] = await lab.untilDeliveries(1);
  expect(delivery).toMatchObject({ attempts: 3 });
  const names = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect(names).toEqual([names[0], names[0], names[0]]);
  expect(new Set(receiver.requests.map(({ body }) => body)).size).toBe(1);
});

test('What never arrives has failed after the last attempt, with the reason, and can be sent again by hand.', async () => {
  const lab = await Lab.open();
  let status = 500;
  const receiver = await startReceiver((_, response) => response.writeHead(status).end('no\nluck'));
  await lab.webhook(receiver.url);
  lab.start({ limits: { maxAttempts: 3 } });
  await lab.runJob();
  const [failed] = await lab.untilDeliveries(1, 'failed');
  expect(failed).toMatchObject({ attempts: 3, problem: 'The receiver answered 500: no luck' });
  expect(receiver.requests).toHaveLength(3);
  status = 200;
  await lab.database.notifications.redeliver(failed?.id ?? 0, 'anna');
  expect(await lab.untilDeliveries(1)).toMatchObject([{ id: failed?.id, attempts: 1 }]);
});

test('A target that does not answer delays nobody else, however many wait for it.', async () => {
  const lab = await Lab.open();
  const slow = await startReceiver(() => undefined);
  const quick = await startReceiver();
  for (const path of ['a', 'b', 'c']) await lab.webhook(`${slow.url}${path}`);
  await lab.webhook(quick.url);
  lab.start({ limits: { sendTimeoutMs: 60_000, maxSends: 3, stopMs: 0 } });
  for (let n = 0; n < 5; n++) await lab.runJob();
  // As many as have a place in its lane.
  await lab.until('the slow ones', () => slow.requests.length === 2);
  await lab.until('the quick ones', () => quick.requests.length === 5);
  expect(slow.requests).toHaveLength(2);
});

test('An attempt ends at its deadline, and the reason is kept.', async () => {
  const lab = await Lab.open();
  const receiver = await startReceiver(() => undefined);
  await lab.webhook(receiver.url);
  lab.start({ limits: { sendTimeoutMs: 50, maxAttempts: 2 } });
  await lab.runJob();
  const [failed] = await lab.untilDeliveries(1, 'failed');
  expect(failed?.problem).toBe('The time for an attempt (50 ms) is over.');
});

test('A status counts though the answer never ends, and an endless answer is not read.', async () => {
  const lab = await Lab.open();
  const receiver = await startReceiver((request, response) => {
    response.writeHead(200);
    if (request.url === '/endless') response.write('x'.repeat(1_000_000));
    else response.write('x');
  });
  await lab.webhook(`${receiver.url}endless`);
  await lab.webhook(`${receiver.url}silent`);
  lab.start({ limits: { sendTimeoutMs: 500 } });
  await lab.runJob();
  expect((await lab.untilDeliveries(2)).map(({ attempts }) => attempts)).toEqual([1, 1]);
});

test('A receiver that is gone (410) switches its rule off.', async () => {
  const lab = await Lab.open();
  const receiver = await startReceiver((_, response) => response.writeHead(410).end());
  const rule = await lab.webhook(receiver.url);
  lab.start();
  await lab.runJob();
  const [failed] = await lab.untilDeliveries(1, 'failed');
  expect(failed).toMatchObject({ attempts: 1, problem: expect.stringContaining('410') });
  const off = await lab.until('the rule is off', async () => {
    const row = await lab.database.notifications.ruleById(rule.id);
    return row?.enabled === false && row;
  });
  expect(off.target).toBe(receiver.url);
  await lab.runJob();
  const quick = await startReceiver();
  await lab.webhook(quick.url, { filter: { nameContains: 'last' } });
  await lab.runJob({ name: 'the last' });
  await lab.until('the other rule', () => quick.requests.length === 1);
  expect(receiver.requests).toHaveLength(1);
});

test.for([429, 503])('A receiver that says when to come back (%i) is left alone until then.', async (status) => {
  const lab = await Lab.open();
  const receiver = await startReceiver((_, response) => response.writeHead(status, { 'retry-after': '600' }).end());
  await lab.webhook(receiver.url);
  lab.start();
  const before = Date.now();
  await lab.runJob();
  const [delivery] = await lab.until('the answer', async () => {
    const rows = await lab.database.notifications.deliveries({ first: 9 });
    return rows[0]?.problem !== undefined && rows;
  });
  expect(delivery).toMatchObject({ state: 'queued', attempts: 1 });
  expect(delivery?.nextAt).toBeGreaterThanOrEqual(before + 600_000);
});

test('A redirect is not followed.', async () => {
  const lab = await Lab.open();
  const other = await startReceiver();
  const receiver = await startReceiver((_, response) => response.writeHead(307, { location: other.url }).end());
  await lab.webhook(receiver.url);
  lab.start({ limits: { maxAttempts: 1 } });
  await lab.runJob();
  const [failed] = await lab.untilDeliveries(1, 'failed');
  expect(failed?.problem).toContain('redirects are not followed');
  expect(other.requests).toEqual([]);
});

test('Addresses that are not public are refused, by number and by name, unless an administrator allows them.', async () => {
  const lab = await Lab.open();
  const receiver = await startReceiver();
  const { port } = new URL(receiver.url);
  const targets = [
    receiver.url,
    `http://localhost:${port}/`,
    `http://[::1]:${port}/`,
    `http://[::ffff:7f00:1]:${port}/`,
  ];
  for (const target of targets) await lab.webhook(new URL(target).href);
  lab.start({ allowPrivateTargets: false });
  await lab.runJob();
  const failed = await lab.untilDeliveries(4, 'failed');
  for (const { attempts, problem } of failed)
    expect([attempts, problem]).toEqual([1, expect.stringContaining('leads to no public address')]);
  expect(receiver.requests).toEqual([]);
});

test('A target that cannot be reached says why.', async () => {
  const lab = await Lab.open();
  const { url } = await startReceiver();
  await lab.webhook(url.replace(/:\d+\//, ':1/'));
  await lab.webhook('https://no-such-host.invalid/');
  lab.start({ limits: { maxAttempts: 1 } });
  await lab.runJob();
  const problems = (await lab.untilDeliveries(2, 'failed')).map(({ problem }) => problem);
  expect(problems).toEqual([expect.stringContaining('ECONNREFUSED'), expect.stringContaining('no-such-host.invalid')]);
});

test('Two notifiers on one database tell everything once.', async () => {
  const lab = await Lab.open();
  const receiver = await startReceiver();
  await lab.webhook(receiver.url);
  lab.start();
  lab.start();
  for (let n = 0; n < 20; n++) await lab.runJob();
  await lab.untilDeliveries(20);
  const names = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect(names).toHaveLength(20);
  expect(new Set(names).size).toBe(20);
});

test('A notifier that starts goes on where the last one stopped, and the first one does not dig up history.', async () => {
  const lab = await Lab.open();
  const receiver = await startReceiver();
  await lab.runJob({ name: 'before the rule' });
  await lab.webhook(receiver.url);
  const first = lab.start();
  await lab.runJob({ name: 'first' });
  await lab.untilDeliveries(1);
  await first.stop();
  await lab.runJob({ name: 'meanwhile' });
  lab.start();
  await lab.runJob({ name: 'later' });
  await lab.untilDeliveries(3);
  const names = messages(receiver).map((message) => (message as JobFinishedMessage).data.job.name);
  expect(names.toSorted()).toEqual(['first', 'later', 'meanwhile']);
});

test('A notifier that stops puts back what is not answered, without counting the attempt.', async () => {
  const lab = await Lab.open();
  let isMute = true;
  const receiver = await startReceiver((_, response) => {
    if (!isMute) response.end();
  });
  await lab.webhook(receiver.url);
  const first = lab.start({ limits: { stopMs: 10, sendTimeoutMs: 60_000 } });
  await lab.runJob();
  await lab.until('the request', () => receiver.requests.length === 1);
  await first.stop();
  expect(await lab.database.notifications.deliveries({ first: 9 })).toMatchObject([{ state: 'queued', attempts: 0 }]);
  isMute = false;
  lab.start();
  expect(await lab.untilDeliveries(1)).toMatchObject([{ attempts: 1 }]);
  const names = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect(names).toEqual([names[0], names[0]]);
});

test('A job of a thousand failures with long reasons is told of within bounds.', async () => {
  const lab = await Lab.open();
  const receiver = await startReceiver();
  await lab.webhook(receiver.url);
  lab.start();
  const tests = Array.from(
    { length: 1000 },
    (_, n) => ({ name: `t${n}`, outcome: 'fail', reason: '😀'.repeat(9000) }) as const,
  );
  await lab.runJob({ outcome: 'failed', tests });
  await lab.untilDeliveries(1);
  const [message] = messages(receiver);
  if (message?.type !== 'job.finished') throw new Error('it tells of something else');
  expect(message.data.failedTests).toHaveLength(50);
  expect(message.data.moreFailedTests).toBe(950);
  expect(message.data.tests).toEqual({ total: 1000, fail: 1000 });
  expect(receiver.requests[0]?.body.length).toBeLessThan(64 * 1024);
  expect(receiver.requests[0]?.body).not.toMatch(/\\ud/i);
});
