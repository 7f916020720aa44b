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

test('F04 a host that is to be rebooted before the job is cleaned, then verified', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], rebootBefore: 'always' });
  expect([await lab.state(job), await lab.hosts()]).toEqual(['preparing h1', { h1: 'cleaning' }]);
  await lab.pass('cleanup h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['preparing h1', { h1: 'verifying' }]);
  await lab.pass('verify h1', 'job 1 h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'ready' }]);
});

test('F05 a pre-job cleanup that fails once is repaired, and everything is done again', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], rebootBefore: 'always' });
  await lab.fail('cleanup h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['preparing h1', { h1: 'repairing' }]);
  await lab.pass('repair h1', 'cleanup h1', 'verify h1', 'job 1 h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'ready' }]);
  expect(await lab.tasks('h1')).toEqual(['cleanup failed', 'repair passed', 'cleanup passed', 'verify passed']);
});

test('F06 a pre-job cleanup that fails again after a repair sets the host aside and ends the entry in error', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], rebootBefore: 'always' });
  await lab.fail('cleanup h1');
  await lab.pass('repair h1');
  await lab.fail('cleanup h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 error', { h1: 'repairFailed' }]);
  expect(await lab.entry(job)).toMatchObject({
    cause: { code: 'AT_HOST_UNFIT', message: 'cleanup of h1 failed: the host does not answer' },
  });
  expect([await lab.runs(), await lab.held()]).toEqual([[], []]);
});

test('F07 a post-job cleanup that fails leads to a repair and leaves the job as it is', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], rebootAfter: 'always' });
  await lab.pass('verify h1', 'job 1 h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'cleaning' }]);
  await lab.fail('cleanup h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'repairing' }]);
  await lab.pass('repair h1', 'verify h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'ready' }]);
});

test('F08 a post-job cleanup and a repair that fail set the host aside and leave the job as it is', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], rebootAfter: 'always' });
  await lab.pass('verify h1', 'job 1 h1');
  await lab.fail('cleanup h1');
  await lab.fail('repair h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'repairFailed' }]);
  expect(await lab.held()).toEqual([]);
});

test('F09 a verify that somebody asks for runs on an idle host, which is ready afterwards', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  await lab.request('verify', 'h1');
  expect(await lab.hosts()).toEqual({ h1: 'verifying' });
  await lab.pass('verify h1');
  expect([await lab.hosts(), await lab.held()]).toEqual([{ h1: 'ready' }, []]);
});

test('F10 a verify that somebody asks for and that fails leads to a repair', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  await lab.request('verify', 'h1');
  await lab.fail('verify h1');
  expect(await lab.hosts()).toEqual({ h1: 'repairing' });
  await lab.pass('repair h1', 'verify h1');
  expect(await lab.hosts()).toEqual({ h1: 'ready' });
});

test('F11 a host that must not be verified runs its job at once', async () => {
  const lab = await openLab({ hosts: [{ name: 'h1', protection: 'doNotVerify' }] });
  const job = await lab.submit({ on: ['h1'] });
  expect([await lab.state(job), await lab.tasks('h1')]).toEqual(['running h1', []]);
});

test('F12 a host that must not be verified is cleaned where the job wants it, and not verified', async () => {
  const lab = await openLab({ hosts: [{ name: 'h1', protection: 'doNotVerify' }] });
  const job = await lab.submit({ on: ['h1'], rebootBefore: 'always' });
  await lab.pass('cleanup h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['running h1', { h1: 'running' }]);
});

test('F13 a pre-job cleanup that fails on a host that must not be verified is passed over', async () => {
  const lab = await openLab({ hosts: [{ name: 'h1', protection: 'doNotVerify' }] });
  const job = await lab.submit({ on: ['h1'], rebootBefore: 'always' });
  await lab.fail('cleanup h1');
  await lab.pass('job 1 h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'ready' }]);
});

test('F14 a post-job cleanup that fails on a host that must not be verified is passed over', async () => {
  const lab = await openLab({ hosts: [{ name: 'h1', protection: 'doNotVerify' }] });
  const job = await lab.submit({ on: ['h1'], rebootAfter: 'always' });
  await lab.pass('job 1 h1');
  await lab.fail('cleanup h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'ready' }]);
  expect(await lab.runs()).toEqual([]);
});

test('F15 a verify that fails on a host that must not be verified is passed over', async () => {
  const lab = await openLab({ hosts: [{ name: 'h1', protection: 'doNotVerify' }] });
  await lab.request('verify', 'h1');
  await lab.fail('verify h1');
  expect([await lab.hosts(), await lab.runs()]).toEqual([{ h1: 'ready' }, []]);
});

test('F17 a job that is aborted while it runs is ended, what it left is gathered, and its host cleaned', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], rebootAfter: 'always' });
  await lab.pass('verify h1');
  lab.isObedient = false;
  await lab.abort(job);
  expect((await lab.process('job 1 h1')).wish).toMatchObject({ by: 'anna', reason: 'oops', timedOut: false });
  await lab.kill('job 1 h1');
  expect([await lab.state(job), await lab.runs()]).toEqual(['gathering h1', ['gather 1']]);
  await lab.pass('gather 1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 aborted', { h1: 'cleaning' }]);
  await lab.pass('cleanup h1');
  expect([await lab.hosts(), await lab.held()]).toEqual([{ h1: 'ready' }, []]);
});

test('F18 a queued job of two hosts that start together is aborted as a whole', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  await lab.submit({ on: ['h1', 'h2'], together: 2, runVerify: false });
  const queued = await lab.submit({ on: ['h1', 'h2'], together: 2 });
  await lab.abort(queued);
  expect(await lab.state(queued)).toBe('finished h1 aborted, finished h2 aborted');
  expect(await lab.runs()).toEqual(['job 1 h1+h2']);
});

test('a verify that somebody asks for while a job makes its host ready waits for the end of the job', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'] });
  await lab.request('verify', 'h1');
  await lab.fail('verify h1');
  await lab.pass('repair h1', 'verify h1', 'job 1 h1');
  expect([await lab.state(job), await lab.runs()]).toEqual(['finished h1 passed', ['verify h1']]);
  await lab.pass('verify h1');
  expect([await lab.hosts(), await lab.runs()]).toEqual([{ h1: 'ready' }, []]);
});

test('F29 a verify that somebody asks for while a job runs comes after what the job needs, and before the next job', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], rebootAfter: 'always', infraRetries: 0 });
  await lab.pass('verify h1');
  await lab.request('verify', 'h1');
  const next = await lab.submit({ on: ['h1'] });
  await lab.kill('job 1 h1');
  expect(await lab.runs()).toEqual(['gather 1']);
  await lab.pass('gather 1');
  expect([await lab.state(job), await lab.runs()]).toEqual(['finished h1 error', ['cleanup h1']]);
  await lab.pass('cleanup h1');
  expect([await lab.state(next), await lab.runs()]).toEqual(['queued h1', ['verify h1']]);
  await lab.pass('verify h1');
  expect(await lab.state(next)).toBe('preparing h1');
});

test('F34 a job for any host with a label gets one, which is verified, then runs it', async () => {
  const lab = await openLab({ hosts: ['h1 label1', 'h2 label2'] });
  const job = await lab.submit({ any: 1, needs: 'label1' });
  expect(await lab.state(job)).toBe('preparing h1');
  await lab.pass('verify h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['running h1', { h1: 'running', h2: 'ready' }]);
});

test('F36 a job without hosts runs and ends', async () => {
  const lab = await openLab();
  const job = await lab.submit();
  expect([await lab.state(job), await lab.runs()]).toEqual(['running', ['job 1']]);
  await lab.pass('job 1');
  expect(await lab.state(job)).toBe('finished passed');
});

test('J09 a job without hosts is started once, however often one looks', async () => {
  const lab = await openLab();
  lab.isSlow = true;
  const job = await lab.submit();
  for (let n = 0; n < 3; n++) lab.dispatcher('d1').wake();
  await lab.advance(20_000);
  expect([await lab.state(job), await lab.runs()]).toEqual(['starting', ['job 1']]);
  expect(await lab.executions(job)).toHaveLength(1);
});

test('F19 nothing is held or watched after a simple job, an abort while verifying and an abort while running', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  await lab.submit({ on: ['h1'] });
  await lab.passAll();
  await lab.abort(await lab.submit({ on: ['h1'] }));
  const running = await lab.submit({ on: ['h1'] });
  await lab.pass('verify h1');
  await lab.abort(running);
  const { entries, executions, tasks, jobs } = await lab.database.scheduling.load();
  expect([entries, executions, tasks, jobs]).toEqual([[], [], [], []]);
  expect([await lab.held(), await lab.runs(), await lab.hosts()]).toEqual([[], [], { h1: 'ready' }]);
});

test('F33 hosts of one rack are chosen together, wait for each other, and start together', async () => {
  const lab = await openLab({ hosts: ['h1 rack:a', 'h2 rack:b', 'h3 rack:b'] });
  const job = await lab.submit({ any: 2, together: 2, sameValueOf: 'rack' });
  expect(await lab.state(job)).toBe('preparing h2, preparing h3');
  await lab.pass('verify h2');
  expect(await lab.state(job)).toBe('ready h2, preparing h3');
  await lab.pass('verify h3');
  expect([await lab.state(job), await lab.runs()]).toEqual(['running h2, running h3', ['job 1 h2+h3']]);
});

test('F31 tasks and jobs beyond what a dispatcher may run wait for a place, and a job for all of its hosts', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2', 'h3'], limits: { maxExecutions: 2 } });
  const job = await lab.submit({ on: ['h1', 'h2', 'h3'], together: 3 });
  expect([await lab.state(job), await lab.runs()]).toEqual([
    'preparing h1, preparing h2, preparing h3',
    ['verify h1', 'verify h2'],
  ]);
  await lab.pass('verify h1');
  expect(await lab.runs()).toEqual(['verify h2', 'verify h3']);
  await lab.pass('verify h2');
  expect(await lab.state(job)).toBe('ready h1, ready h2, preparing h3');
  await lab.pass('verify h3');
  expect(await lab.runs()).toEqual(['job 1 h1+h2+h3']);
});

test('an entry with a host to choose moves on when its host was repaired in vain', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const job = await lab.submit({ any: 1 });
  await lab.fail('verify h1');
  expect([await lab.state(job), await lab.runs()]).toEqual(['preparing h1', ['repair h1']]);
  await lab.fail('repair h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['preparing h2', { h1: 'repairFailed', h2: 'verifying' }]);
  await lab.pass('verify h2', 'job 1 h2');
  expect(await lab.state(job)).toBe('finished h2 passed');
});

test('a task that waits for a place is called off with its job, and the next job has the host at once', async () => {
  const lab = await openLab({ hosts: ['h1'], limits: { maxExecutions: 1 } });
  await lab.submit();
  const waiting = await lab.submit({ on: ['h1'] });
  expect(await lab.state(waiting)).toBe('queued h1');
  await lab.abort(waiting);
  expect([await lab.state(waiting), await lab.hosts()]).toEqual(['finished h1 aborted', { h1: 'ready' }]);
});
