import { expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';

test('A01 an abort while the host is verified ends the verify and frees the host', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'] });
  await lab.abort(job);
  expect(await lab.state(job)).toBe('finished h1 aborted');
  expect([await lab.hosts(), await lab.runs(), await lab.held()]).toEqual([{ h1: 'ready' }, [], []]);
  expect(await lab.tasks('h1')).toEqual(['verify aborted']);
});

test('A02 a task that does not stop when it is asked to keeps its host until it ends', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  lab.isObedient = false;
  const job = await lab.submit({ on: ['h1'] });
  const next = await lab.submit({ on: ['h1'] });
  await lab.abort(job);
  expect([await lab.state(job), await lab.state(next)]).toEqual(['finished h1 aborted', 'queued h1']);
  expect([await lab.hosts(), await lab.held()]).toEqual([{ h1: 'verifying' }, ['h1']]);
  await lab.kill('verify h1');
  expect(await lab.state(next)).toBe('preparing h1');
});

test('a repair of a job that is aborted ends with it', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'] });
  await lab.fail('verify h1');
  await lab.abort(job);
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 aborted', { h1: 'ready' }]);
  expect(await lab.tasks('h1')).toEqual(['verify failed', 'repair aborted']);
});

test('an abort while the host is held for siblings frees it', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const job = await lab.submit({ on: ['h1', 'h2'], together: 2 });
  await lab.pass('verify h1');
  expect(await lab.state(job)).toBe('ready h1, preparing h2');
  await lab.abort(job);
  expect(await lab.state(job)).toBe('finished h1 aborted, finished h2 aborted');
  expect([await lab.hosts(), await lab.held()]).toEqual([{ h1: 'ready', h2: 'ready' }, []]);
});

test('an abort while autoserv starts reaches it when it answers', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  lab.isSlow = true;
  const job = await lab.submit({ on: ['h1'], runVerify: false });
  expect(await lab.state(job)).toBe('starting h1');
  await lab.abort(job);
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 aborted', { h1: 'ready' }]);
});

test('an abort while results are gathered does not disturb that, and the job ends as it was wished', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], runVerify: false, infraRetries: 3 });
  await lab.kill('job 1 h1');
  await lab.abort(job);
  expect([await lab.state(job), await lab.runs()]).toEqual(['gathering h1', ['gather 1']]);
  await lab.pass('gather 1');
  expect(await lab.state(job)).toBe('finished h1 aborted');
  expect(await lab.executions(job)).toHaveLength(2);
});

test('an abort of a job that is over changes nothing', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], runVerify: false });
  await lab.pass('job 1 h1');
  await lab.abort(job);
  expect(await lab.state(job)).toBe('finished h1 passed');
});

test('J14 an abort asks all entries of a job to stop, and what they run for once', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  lab.isObedient = false;
  const job = await lab.submit({ on: ['h1', 'h2'], together: 2, runVerify: false });
  await lab.abort(job);
  expect((await lab.process('job 1 h1+h2')).wish).toMatchObject({ by: 'anna', reason: 'oops' });
  await lab.end('job 1 h1+h2', 'aborted');
  expect(await lab.state(job)).toBe('finished h1 aborted, finished h2 aborted');
});
