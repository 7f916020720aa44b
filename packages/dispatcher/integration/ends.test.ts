import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive, killExecution, Lab } from './lab.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

async function runningExecution(jobId: number) {
  return lab.until(`a running execution of job ${jobId}`, async () => {
    const executions = await lab.database.jobs.executions(jobId);
    return executions.find(({ state, purpose }) => state === 'running' && purpose === 'job');
  });
}

test('an autoserv that is killed leaves an entry in error, collected results and a host that is verified again', async () => {
  const host = await lab.addHost('h1');
  await lab.startDispatcher();
  const { job } = await lab.submit({ hostIds: [host.id], fake: 'forever' });
  killExecution(await runningExecution(job.id));
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({ outcome: 'error', cause: { code: 'AT_AUTOSERV_LOST' } });
  const executions = await lab.database.jobs.executions(job.id);
  expect(executions.map(({ purpose, state }) => `${purpose} ${state}`).toSorted()).toEqual([
    'gather ingested',
    'job ingested',
  ]);
  const run = executions.find(({ purpose }) => purpose === 'job');
  expect(run).toMatchObject({ exitClass: 'lost' });
  // What gathering added to the journal is in the rows of the execution it gathered for.
  const nodes = await lab.database.results.nodes({ executionId: run?.id ?? 0 });
  expect(nodes.filter(({ path }) => path === 'one')).toMatchObject([{ outcome: 'abort', reason: 'autoserv was lost' }]);
  await lab.untilHost('h1', 'ready');
  const tasks = await lab.database.jobs.tasksOf({ hostId: host.id, first: 10 });
  expect(tasks.map(({ entryId, ...task }) => [task.kind, task.outcome, entryId !== undefined])).toEqual([
    ['verify', 'passed', false],
    ['verify', 'passed', true],
  ]);
});

test('an autoserv that ends before it began anything needs no gathering', async () => {
  await lab.addHost('h1');
  await lab.startDispatcher();
  const { job } = await lab.submit({ anyHosts: 1, fake: 'die-before' });
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({ outcome: 'error', cause: { code: 'AT_AUTOSERV_LOST' } });
  expect(entry?.cause?.message).toContain('debug/autoserv.log');
  expect((await lab.database.jobs.executions(job.id)).map(({ purpose }) => purpose)).toEqual(['job']);
});

test('an autoserv that cannot write its last record is taken at its word', async () => {
  await lab.addHost('h1');
  await lab.startDispatcher();
  const { job } = await lab.submit({ anyHosts: 1, fake: 'disk-full' });
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({ outcome: 'error', cause: { code: 'AT_RESULTS_INCOMPLETE' } });
  expect((await lab.database.jobs.executions(job.id)).map(({ purpose }) => purpose)).toEqual(['job']);
});

test('a job whose bundle is damaged ends in error and says so, and the dispatcher goes on', async () => {
  const host = await lab.addHost('h1');
  await lab.startDispatcher();
  const hash = `sha256:${'0'.repeat(64)}`;
  await lab.database.bundles.put({ hash, fileName: 'x.ts', source: '', json: '{}', sizeBytes: 2 });
  const { job } = await lab.submit({ hostIds: [host.id], bundleHash: hash });
  expect(await lab.untilAll(job.id, 'finished')).toMatchObject([
    { outcome: 'error', cause: { code: 'AT_BUNDLE_CORRUPT' } },
  ]);
  const next = await lab.submit({ hostIds: [host.id] });
  expect(await lab.untilAll(next.job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
});

test('aborting a running job reaches autoserv, and its host is free afterwards', async () => {
  await lab.addHost('h1');
  await lab.startDispatcher();
  const { job } = await lab.submit({ anyHosts: 1, fake: 'forever' });
  const execution = await runningExecution(job.id);
  await lab.database.jobs.requestAbort(job.id, 'anna', 'wrong build');
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({ outcome: 'aborted', cause: { message: 'wrong build' } });
  expect(isAlive(execution)).toBe(false);
  await lab.untilHost('h1', 'ready');
});

test('an autoserv that does not listen to an abort is killed, and what it left is gathered', async () => {
  await lab.addHost('h1');
  await lab.startDispatcher();
  const { job } = await lab.submit({ anyHosts: 1, fake: 'deaf' });
  await runningExecution(job.id);
  await lab.database.jobs.requestAbort(job.id, 'anna', 'wrong build');
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({
    outcome: 'aborted',
    cause: { code: 'AT_ABORTED', message: 'anna aborted it: wrong build' },
  });
});

test('aborting a queued job and one whose host is being verified ends both at once and frees the host', async () => {
  const host = await lab.addHost('h1', { verify: 'forever' });
  await lab.startDispatcher();
  const preparing = await lab.submit({ hostIds: [host.id] });
  const queued = await lab.submit({ hostIds: [host.id] });
  await lab.until('a running verify', async () => {
    const [task] = await lab.database.jobs.tasksOf({ hostId: host.id, first: 1 });
    return task?.state === 'running';
  });
  const reason = await lab.until('a reason', async () => lab.reasonOf((await lab.entries(queued.job.id))[0]));
  expect(reason).toMatchObject({ code: 'hosts', message: `h1 is being verified for job ${preparing.job.id}` });
  for (const { job } of [queued, preparing]) {
    await lab.database.jobs.requestAbort(job.id, 'anna', 'not needed');
    expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'aborted' }]);
  }
  await lab.untilHost('h1', 'ready');
  expect(await lab.heldLeases()).toEqual([]);
});

test('a job that runs too long times out, and so does one that never got a host', async () => {
  const host = await lab.addHost('h1');
  await lab.database.hosts.update(host.id, { lockedBy: 'bob', lockReason: 'new disk' }, 'bob');
  await lab.addHost('h2');
  await lab.startDispatcher();
  const waiting = await lab.submit({ hostIds: [host.id], timeoutMs: 1500 });
  const running = await lab.submit({ anyHosts: 1, fake: 'forever', maxRuntimeMs: 500 });
  const [late] = await lab.untilAll(running.job.id, 'finished');
  expect(late).toMatchObject({ outcome: 'timedOut' });
  const [never] = await lab.untilAll(waiting.job.id, 'finished');
  expect(never).toMatchObject({ outcome: 'timedOut', cause: { code: 'AT_TIMED_OUT' } });
});

test('a deadline holds even for an autoserv that does not keep it', async () => {
  await lab.addHost('h1');
  await lab.startDispatcher();
  const { job } = await lab.submit({ anyHosts: 1, fake: 'deaf', maxRuntimeMs: 300 });
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry?.outcome).toBe('timedOut');
});

test('autoserv gets no secrets of the environment', async () => {
  process.env.DATABASE_PASSWORD_OF_TEST = 'secret';
  try {
    await lab.addHost('h1');
    await lab.startDispatcher();
    const { job } = await lab.submit({ anyHosts: 1, fake: 'forever' });
    const { pid } = await runningExecution(job.id);
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(environment).toContain('PATH=');
    expect(environment).not.toContain('DATABASE_PASSWORD_OF_TEST');
  } finally {
    delete process.env.DATABASE_PASSWORD_OF_TEST;
  }
});
