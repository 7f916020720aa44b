import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { startMailbox } from '../../dispatcher/test/notify/mailbox.ts';
import { startReceiver } from '../../dispatcher/test/notify/receiver.ts';
import { addLocalHost } from './support/facts.ts';
import { startLab, waitFor } from './support/lab.ts';

const hello = fileURLToPath(new URL('../../../examples/hello/control.ts', import.meta.url));

it('tells by mail and webhook how a job went, and shows what came of it', async () => {
  const mailbox = await startMailbox();
  const receiver = await startReceiver();
  const lab = await startLab({
    env: {
      AUTOTEST_ALLOW_PRIVATE_TARGETS: '1',
      AUTOTEST_SMTP_URL: mailbox.url,
      AUTOTEST_MAIL_FROM: 'autotest@lab.example.org',
      AUTOTEST_PUBLIC_URL: 'https://tests.example.org',
    },
  });
  await addLocalHost(lab);

  const added = await lab.cli('notify', 'add', receiver.url, '--outcome', 'passed', '--name', 'hello');
  expect(added, added.stderr).toMatchObject({ exitCode: 0, stdout: '1\n' });
  expect(added.stderr).toMatch(/whsec_[A-Za-z0-9+/]{43}=/);
  const list = await lab.cli('notify', 'list');
  expect(list.stdout).toMatch(/1 .*http:\/\/127\.0\.0\.1:\d+\/ .*jobFinished .*of .*named \*hello\*.*that end passed/);
  expect(list.stdout + list.stderr).not.toContain('whsec_');

  expect((await lab.cli('notify', 'test', '1')).exitCode).toBe(0);
  await waitFor(() => receiver.requests.length === 1, 'the test message');
  expect(receiver.requests[0]?.body).toContain('"type":"test"');

  const run = await lab.cli('run', hello, '--quiet', '--param', 'seconds=0', '--notify', 'ada@example.org');
  expect(run.exitCode, run.stderr).toBe(0);
  await waitFor(() => receiver.requests.length === 2 && mailbox.raw.length === 1, 'both messages');
  expect(receiver.requests[1]?.body).toContain('"type":"job.finished"');
  const [mail] = await mailbox.parsed();
  expect(mail?.subject).toBe('[Autotest] passed: hello (job 1)');
  expect(mail?.text).toContain('https://tests.example.org/jobs/1');

  const deliveries = await waitFor(async () => {
    const { stdout } = await lab.cli('notify', 'deliveries', '-o', 'json');
    const rows = JSON.parse(stdout) as { id: string; state: string; jobId: string | null }[];
    return rows.every(({ state }) => state === 'sent') ? rows : undefined;
  }, 'the log');
  expect(deliveries.map(({ jobId }) => jobId)).toEqual(['1', '1', null]);
  expect((await lab.cli('notify', 'redeliver', deliveries.at(-1)?.id ?? '')).exitCode).toBe(0);
  await waitFor(() => receiver.requests.length === 3, 'the second test message');
  expect(receiver.requests[2]?.headers['webhook-id']).toBe(receiver.requests[0]?.headers['webhook-id']);

  expect((await lab.cli('notify', 'disable', '1')).exitCode).toBe(0);
  expect((await lab.cli('notify', 'test', '1')).exitCode).toBe(64);
  expect((await lab.cli('notify', 'remove', '1')).exitCode).toBe(0);
  expect((await lab.cli('notify', 'remove', '1')).exitCode).toBe(64);
  expect((await lab.cli('notify', 'add', 'nowhere')).stderr).toContain('"nowhere" is neither');
});
