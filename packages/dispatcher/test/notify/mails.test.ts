import { expect, test } from 'vitest';
import { Lab } from './lab.ts';
import { startMailbox } from './mailbox.ts';
import { startReceiver } from './receiver.ts';

const mailFrom = 'Autotest <autotest@lab.example.org>';

test('A job that ends is told by one mail with text and HTML, marked as sent by a program.', async () => {
  const lab = await Lab.open();
  const mailbox = await startMailbox();
  const rule = await lab.mail('ada@example.org,bob@example.org');
  lab.start({ smtpUrl: mailbox.url, mailFrom, publicUrl: 'https://tests.example.org' });
  const job = await lab.runJob({
    name: 'nightly',
    outcome: 'failed',
    host: await lab.addHost('build-7'),
    tests: [{ name: 'disk', outcome: 'fail', reason: 'too slow\nby half' }],
  });
  const [delivery] = await lab.untilDeliveries(1);
  expect(mailbox.recipients).toEqual([['ada@example.org', 'bob@example.org']]);
  const [mail] = await mailbox.parsed();
  expect(mail).toMatchObject({
    from: { name: 'Autotest', address: 'autotest@lab.example.org' },
    subject: `[Autotest] failed: nightly (job ${job.id})`,
    messageId: `<dlv_${delivery?.id}.${delivery?.createdAt}@lab.example.org>`,
  });
  const headers = new Map(mail?.headers.map(({ key, value }) => [key, value]));
  expect(headers.get('auto-submitted')).toBe('auto-generated');
  expect(headers.get('list-id')).toBe('"Autotest" <autotest.lab.example.org>');
  for (const text of [
    `Job ${job.id}, nightly, of anna ended failed after`,
    'Tests:\n  1 in all, 1 fail',
    'Hosts:\n  build-7: failed',
    'Failed tests:\n  fail disk on build-7\n      too slow\n      by half',
    `https://tests.example.org/jobs/${job.id}`,
    `Run it again: autotest job rerun ${job.id}`,
    `\`autotest notify remove ${rule.id}\` ends it`,
  ])
    expect(mail?.text?.replaceAll('\r\n', '\n')).toContain(text);
  expect(mail?.html).toContain(`<a href="https://tests.example.org/jobs/${job.id}">`);
  expect(mail?.html).toContain('<pre>too slow\nby half</pre>');
});

test('Names and reasons of strangers cannot add headers, markup or lines of their own.', async () => {
  const lab = await Lab.open();
  const mailbox = await startMailbox();
  await lab.mail('ada@example.org');
  lab.start({ smtpUrl: mailbox.url, mailFrom });
  const hostile = 'x\r\nBcc: eve@example.org\r\n\r\n<script>alert(1)</script>\u202Egnp.exe\u2028&"\'\0';
  await lab.runJob({
    name: hostile,
    outcome: 'error',
    tests: [{ name: hostile, outcome: 'error', reason: `${hostile}\r\n.\r\nMAIL FROM:<eve@example.org>` }],
  });
  await lab.untilDeliveries(1);
  expect(mailbox.recipients).toEqual([['ada@example.org']]);
  const [mail] = await mailbox.parsed();
  expect(mail?.bcc).toBeUndefined();
  expect(mail?.headers.map(({ key }) => key)).not.toContain('bcc');
  expect(mail?.subject).toBe(`[Autotest] error: x Bcc: eve@example.org <script>alert(1)</script> gnp.exe &"'  (job 1)`);
  expect(mail?.html).not.toMatch(/<script|<b>|\u202E|\0/);
  expect(mail?.html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; gnp.exe &amp;&quot;&#39;');
  expect(mail?.html).toContain('AT_HOST_LOST: no answer &lt;b&gt;for&lt;/b&gt; 5 min');
  expect(mail?.text).not.toMatch(/[\u202E\u2028\0]/);
});

test('An endless name makes no endless subject.', async () => {
  const lab = await Lab.open();
  const mailbox = await startMailbox();
  await lab.mail('ada@example.org');
  lab.start({ smtpUrl: mailbox.url, mailFrom });
  await lab.runJob({ name: '😀'.repeat(100_000) });
  await lab.untilDeliveries(1);
  const [mail] = await mailbox.parsed();
  expect(mail?.subject?.length).toBeLessThanOrEqual(200);
  expect(mail?.subject?.isWellFormed()).toBe(true);
});

test('Starts, hosts set aside and tests of rules are told by mail as well.', async () => {
  const lab = await Lab.open();
  const mailbox = await startMailbox();
  const rule = await lab.mail('ada@example.org', { filter: { on: ['job.started', 'host.setAside'] } });
  lab.start({ smtpUrl: mailbox.url, mailFrom });
  await lab.runJob({ name: 'nightly' });
  await lab.untilDeliveries(1);
  await lab.setAside(await lab.addHost('bad'), 'no disk');
  await lab.untilDeliveries(2);
  const message = {
    version: 1,
    type: 'test',
    timestamp: '2030-01-01T00:00:00Z',
    data: { rule: { id: rule.id, owner: 'anna' }, by: 'anna' },
  };
  await lab.database.notifications.enqueueTest(rule.id, JSON.stringify(message), 'anna');
  await lab.untilDeliveries(3);
  const mails = await mailbox.parsed();
  expect(mails.map(({ subject }) => subject)).toEqual([
    '[Autotest] started: nightly (job 1)',
    '[Autotest] host bad was set aside',
    `[Autotest] test of rule ${rule.id}`,
  ]);
  expect(mails[1]?.text).toContain('no disk');
});

test('A mail server that is down is tried again; the message keeps its id.', async () => {
  const lab = await Lab.open();
  let refusals = 2;
  const mailbox = await startMailbox({
    onMailFrom(_address, _session, callback) {
      callback(refusals-- > 0 ? Object.assign(new Error('busy'), { responseCode: 451 }) : null);
    },
  });
  await lab.mail('ada@example.org');
  lab.start({ smtpUrl: mailbox.url, mailFrom });
  await lab.runJob();
  expect(await lab.untilDeliveries(1)).toMatchObject([{ attempts: 3 }]);
  expect(mailbox.raw).toHaveLength(1);
});

test('An address that the mail server refuses for good is not tried again, and the others get their mail.', async () => {
  const lab = await Lab.open();
  const mailbox = await startMailbox({
    onRcptTo({ address }, _session, callback) {
      const isKnown = address === 'ada@example.org';
      callback(isKnown ? null : Object.assign(new Error('no such user'), { responseCode: 550 }));
    },
  });
  await lab.mail('nobody@example.org', { filter: { nameContains: 'one' } });
  await lab.mail('ada@example.org,nobody@example.org', { filter: { nameContains: 'two' } });
  lab.start({ smtpUrl: mailbox.url, mailFrom });
  await lab.runJob({ name: 'one' });
  expect(await lab.untilDeliveries(1, 'failed')).toMatchObject([
    { attempts: 1, problem: expect.stringContaining('no such user') },
  ]);
  await lab.runJob({ name: 'two' });
  const [sent] = await lab.until('the second', () =>
    lab.database.notifications.deliveries({ first: 9, state: 'sent' }).then((rows) => rows.length === 1 && rows),
  );
  expect(sent).toMatchObject({ attempts: 1, problem: 'The mail server refused nobody@example.org.' });
  expect(mailbox.recipients).toEqual([['ada@example.org']]);
});

test('A mail server that says nothing delays no webhook, and its attempt ends at the deadline.', async () => {
  const lab = await Lab.open();
  const mailbox = await startMailbox({ onConnect: () => undefined });
  const receiver = await startReceiver();
  for (const name of ['a', 'b', 'c']) await lab.mail(`${name}@example.org`);
  await lab.webhook(receiver.url);
  lab.start({ smtpUrl: mailbox.url, mailFrom, limits: { sendTimeoutMs: 200, maxAttempts: 1, maxSends: 3 } });
  await lab.runJob();
  await lab.until('the webhook', () => receiver.requests.length === 1);
  const failed = await lab.until('the mails', async () => {
    const rows = await lab.database.notifications.deliveries({ first: 9, state: 'failed' });
    return rows.length === 3 && rows;
  });
  for (const { problem } of failed) expect(problem).toContain('is over');
});

test('Without a mail server mails say what is missing.', async () => {
  const lab = await Lab.open();
  await lab.mail('ada@example.org');
  lab.start({ limits: { maxAttempts: 1 } });
  await lab.runJob();
  const [failed] = await lab.untilDeliveries(1, 'failed');
  expect(failed?.problem).toContain('AUTOTEST_SMTP_URL');
});
