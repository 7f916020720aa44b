import { expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';

test('a job waits for another one to end, however it ends', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const first = await lab.submit({ on: ['h1'], runVerify: false });
  const second = await lab.submit({ after: [{ jobId: first, when: 'finished' }] });
  expect(await lab.state(second)).toBe('queued');
  expect(await lab.reason(second)).toEqual({
    code: 'dependency',
    message: `waits for job ${first} to end`,
    unblock: [`job ${first} ends`],
  });
  await lab.end(`job ${first} h1`, 'testFailures');
  expect(await lab.state(second)).toBe('running');
});

test('a job that waits for another one to pass ends stopped when that one does not', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const first = await lab.submit({ on: ['h1'], runVerify: false });
  const passed = await lab.submit({ after: [{ jobId: first, when: 'passed' }] });
  const third = await lab.submit({ after: [{ jobId: passed, when: 'passed' }] });
  await lab.end(`job ${first} h1`, 'testFailures');
  expect([await lab.state(passed), await lab.state(third)]).toEqual(['finished stopped', 'finished stopped']);
  expect((await lab.entry(passed)).cause).toEqual({
    code: 'AT_DEPENDENCY_FAILED',
    message: `it waited for job ${first} to pass, and that one ended failed`,
  });
});

test('a job may wait for several, and for jobs that ended before it came', async () => {
  const lab = await openLab();
  const done = await lab.submit();
  await lab.pass(`job ${done}`);
  const open = await lab.submit();
  const waiting = await lab.submit({
    after: [
      { jobId: done, when: 'passed' },
      { jobId: open, when: 'passed' },
    ],
  });
  expect(await lab.state(waiting)).toBe('queued');
  await lab.pass(`job ${open}`);
  expect(await lab.state(waiting)).toBe('running');
  const late = await lab.submit({ after: [{ jobId: done, when: 'passed' }] });
  expect(await lab.state(late)).toBe('running');
});

test('a job that waits for another one can be aborted, and times out', async () => {
  const lab = await openLab();
  const first = await lab.submit();
  const after = [{ jobId: first, when: 'finished' as const }];
  const aborted = await lab.submit({ after });
  const timed = await lab.submit({ after, timeoutMs: 60_000 });
  await lab.abort(aborted);
  await lab.advance(60_000);
  expect([await lab.state(aborted), await lab.state(timed)]).toEqual(['finished aborted', 'finished timedOut']);
});

test('a job goes on waiting after a restart, and learns of an end that came meanwhile', async () => {
  const lab = await openLab();
  const first = await lab.submit();
  const second = await lab.submit({ after: [{ jobId: first, when: 'passed' }] });
  await lab.stop();
  await lab.start();
  expect(await lab.state(second)).toBe('queued');
  await lab.crash();
  await lab.pass(`job ${first}`);
  await lab.start();
  expect(await lab.state(second)).toBe('running');
});

test('of a job whose attempt failed nothing follows before its last attempt', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const first = await lab.submit({ on: ['h1'], runVerify: false, retries: 1 });
  const second = await lab.submit({ after: [{ jobId: first, when: 'passed' }] });
  await lab.end(`job ${first} h1`, 'testFailures');
  expect(await lab.state(second)).toBe('queued');
  await lab.pass(`job ${first} h1`);
  expect(await lab.state(second)).toBe('running');
});
