import { expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';

const nothing = { limits: { maxExecutions: 0 } };

test('F20 a job whose process is gone after a restart is gathered, executed again and completes', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'] });
  await lab.pass('verify h1');
  await lab.crash();
  lab.loseProcesses();
  await lab.start();
  expect([await lab.state(job), await lab.runs()]).toEqual(['gathering h1', ['gather 1']]);
  await lab.passAll();
  expect(await lab.state(job)).toBe('finished h1 passed');
  expect((await lab.executions(job)).map(({ purpose, attempt }) => `${purpose} ${attempt}`)).toEqual([
    'job 1',
    'gather 1',
    'job 2',
  ]);
});

test('a job whose process goes on is taken up after a restart and not started again', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], runVerify: false });
  await lab.crash();
  await lab.start();
  expect([await lab.state(job), await lab.runs()]).toEqual(['running h1', ['job 1 h1']]);
  await lab.pass('job 1 h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'ready' }]);
  expect(await lab.executions(job)).toHaveLength(1);
});

test('a job that ended while no dispatcher ran is finished by the next one', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], runVerify: false });
  await lab.crash();
  await lab.end('job 1 h1', 'testFailures');
  expect(await lab.state(job)).toBe('running h1');
  await lab.start();
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 failed', { h1: 'ready' }]);
});

test('F22 an entry whose cleanup had not begun before a restart gets it then', async () => {
  const lab = await openLab({ hosts: ['h1'], ...nothing });
  const job = await lab.submit({ on: ['h1'], rebootBefore: 'always' });
  expect([await lab.state(job), await lab.tasks('h1')]).toEqual(['preparing h1', ['cleanup queued']]);
  await lab.crash();
  await lab.start();
  expect(await lab.runs()).toEqual(['cleanup h1']);
});

test('F23 an entry whose verify had not begun before a restart gets it then', async () => {
  const lab = await openLab({ hosts: ['h1'], ...nothing });
  await lab.submit({ on: ['h1'] });
  await lab.crash();
  await lab.start();
  expect(await lab.runs()).toEqual(['verify h1']);
});

test('F24 hosts that were held together before a restart start together then', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'], ...nothing });
  const job = await lab.submit({ on: ['h1', 'h2'], together: 2, runVerify: false });
  expect(await lab.state(job)).toBe('ready h1, ready h2');
  await lab.crash();
  await lab.start();
  expect([await lab.state(job), await lab.runs()]).toEqual(['running h1, running h2', ['job 1 h1+h2']]);
});

test('F25 what was being gathered before a restart goes on, and the job ends once', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], runVerify: false, infraRetries: 0 });
  await lab.kill('job 1 h1');
  await lab.crash();
  await lab.start();
  expect([await lab.state(job), await lab.runs()]).toEqual(['gathering h1', ['gather 1']]);
  await lab.pass('gather 1');
  expect([await lab.state(job), await lab.runs()]).toEqual(['finished h1 error', ['verify h1']]);
});

test('F26 an aborted job whose gathering process is gone after a restart ends all the same', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  lab.isObedient = false;
  const job = await lab.submit({ on: ['h1'], runVerify: false });
  await lab.abort(job);
  await lab.kill('job 1 h1');
  await lab.crash();
  lab.loseProcesses();
  await lab.start();
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 aborted', { h1: 'ready' }]);
});

test('an attempt after a restart gets a directory of its own', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'], ...nothing });
  await lab.stop();
  await lab.start();
  const job = await lab.submit({ on: ['h1'], runVerify: false, retries: 1 });
  await lab.stop();
  await lab.end('job 1 h1', 'testFailures');
  await lab.start(nothing);
  expect(await lab.state(job)).toBe('ready h1');
  await lab.stop();
  await lab.start();
  await lab.passAll();
  expect(await lab.state(job)).toBe('finished h1 passed');
  expect((await lab.executions(job)).map(({ tag }) => tag)).toEqual(['1-anna/h1', '1-anna/h1.2']);
});

test('two entries that get the same host one after the other have a directory each, also after a restart', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ any: 3, runVerify: false });
  await lab.pass('job 1 h1');
  await lab.stop();
  await lab.pass('job 1 h1');
  await lab.start();
  await lab.passAll();
  expect((await lab.executions(job)).map(({ tag }) => tag)).toEqual(['1-anna/h1', '1-anna/h1.2', '1-anna/h1.3']);
});

test('a task that runs through a restart is taken up again', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'] });
  await lab.stop();
  await lab.start();
  expect(await lab.runs()).toEqual(['verify h1']);
  await lab.pass('verify h1', 'job 1 h1');
  expect([await lab.state(job), await lab.tasks('h1')]).toEqual(['finished h1 passed', ['verify passed']]);
});
