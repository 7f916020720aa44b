import { expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';

test('F01 with nothing queued, nothing happens and nothing fails', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  await lab.advance(60_000);
  expect(await lab.runs()).toEqual([]);
  expect(await lab.hosts()).toEqual({ h1: 'ready' });
});

test('F02 a job on one host is verified for, runs, and leaves the host free', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'] });
  expect([await lab.state(job), await lab.hosts()]).toEqual(['preparing h1', { h1: 'verifying' }]);
  await lab.pass('verify h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['running h1', { h1: 'running' }]);
  await lab.pass('job 1 h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'ready' }]);
  expect([await lab.runs(), await lab.held()]).toEqual([[], []]);
});
