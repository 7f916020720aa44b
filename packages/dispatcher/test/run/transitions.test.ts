import { afterEach, beforeEach, expect, it } from 'vitest';
import { assignHost } from '../../src/apply/assign-host.ts';
import { endEntry, yieldHost } from '../../src/apply/end-entry.ts';
import { launch } from '../../src/apply/launch.ts';
import { settleJob } from '../../src/apply/settle-job.ts';
import { settleTask } from '../../src/apply/settle-task.ts';
import { addOwnTask, startTask } from '../../src/apply/start-task.ts';
import { recordEnd, recordGreeting, recordStart } from '../../src/apply/track-execution.ts';
import { makeWorld, only, type World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await makeWorld();
});
afterEach(() => world.close());

const aborted = { move: 'abort', outcome: 'aborted', cause: { code: 'AT_ABORTED', message: 'anna' } } as const;

async function assignOnly(job: Parameters<World['submit']>[0] = {}) {
  const host = await world.addHost('h1');
  const submitted = await world.submit({ hostIds: [host.id], ...job });
  const snapshot = await world.snapshot();
  expect(await assignHost(world.settings, snapshot, { entry: only(submitted.entries), hostId: host.id })).toBe(true);
  return { host, job: submitted.job, stale: snapshot };
}

/** An entry that runs, with a host that needed no verify. */
async function runOnly(job: Parameters<World['submit']>[0] = {}) {
  const assigned = await assignOnly({ runVerify: false, ...job });
  const snapshot = await world.snapshot();
  const execution = await launch(world.settings, snapshot, snapshot.entries);
  if (!execution) throw new Error('the launch lost a race');
  await recordStart(world.settings, execution.id, 4_000_000, '1');
  await recordGreeting(world.settings, execution.id, 4_000_000);
  return { ...assigned, execution };
}

it('an assigned host is leased, verified and not given twice', async () => {
  const { host, stale } = await assignOnly();
  const snapshot = await world.snapshot();
  expect(only(snapshot.entries)).toMatchObject({ state: 'preparing', hostId: host.id });
  expect(only(snapshot.hosts).state).toBe('verifying');
  expect(only(snapshot.tasks)).toMatchObject({ kind: 'verify', state: 'queued', entryId: only(snapshot.entries).id });
  expect(snapshot.leases.get(host.id)).toMatchObject({ epoch: 1, dispatcherId: 'd1', holder: { kind: 'entry' } });
  expect(await assignHost(world.settings, stale, { entry: only(stale.entries), hostId: host.id })).toBe(false);
  expect((await world.snapshot()).tasks).toHaveLength(1);
});

it('an entry aborted since the plan was made does not start', async () => {
  const { job } = await assignOnly({ runVerify: false });
  const snapshot = await world.snapshot();
  await world.database.jobs.requestAbort(job.id, 'anna', 'oops');
  expect(await launch(world.settings, snapshot, snapshot.entries)).toBeUndefined();
  expect((await world.snapshot()).executions).toEqual([]);
});

it('ending an entry whose task has not started frees the host', async () => {
  await assignOnly();
  const snapshot = await world.snapshot();
  await endEntry(world.settings, snapshot, { entry: only(snapshot.entries), ...aborted });
  const after = await world.snapshot();
  expect(only(after.hosts).state).toBe('ready');
  expect([after.leases.size, after.tasks.length, after.entries.length]).toEqual([0, 0, 0]);
});

it('ending an entry whose task runs leaves the host to the task, whose end frees it', async () => {
  const { host } = await assignOnly();
  const queued = await world.snapshot();
  const execution = await startTask(world.settings, queued, only(queued.tasks));
  const snapshot = await world.snapshot();
  await endEntry(world.settings, snapshot, { entry: only(snapshot.entries), ...aborted });
  const between = await world.snapshot();
  expect(only(between.hosts).state).toBe('verifying');
  expect(between.leases.get(host.id)?.holder).toEqual({ kind: 'task', id: only(between.tasks).id });
  await recordEnd(world.settings, execution?.id ?? 0, { exitClass: 'aborted', needsGather: false });
  await settleTask(world.settings, execution?.id ?? 0);
  const after = await world.snapshot();
  expect(only(after.hosts).state).toBe('ready');
  expect([after.leases.size, after.tasks.length, after.executions.length]).toEqual([0, 0, 0]);
});

it('a host that is given back is free, and its entry keeps only a named host', async () => {
  await assignOnly({ runVerify: false });
  const snapshot = await world.snapshot();
  expect(await yieldHost(world.settings, snapshot, only(snapshot.entries))).toBe(true);
  const after = await world.snapshot();
  expect(only(after.hosts).state).toBe('ready');
  expect(only(after.entries)).toMatchObject({ state: 'queued', hostId: only(after.hosts).id, hostFailures: 0 });
  const chosen = await makeWorld();
  try {
    await chosen.addHost('h1');
    await chosen.submit({ anyHosts: 1, runVerify: false });
    const free = await chosen.snapshot();
    await assignHost(chosen.settings, free, { entry: only(free.entries), hostId: only(free.hosts).id });
    const ready = await chosen.snapshot();
    await yieldHost(chosen.settings, ready, only(ready.entries));
    expect(only((await chosen.snapshot()).entries).hostId).toBeUndefined();
  } finally {
    await chosen.close();
  }
});

it('an execution is launched with the epoch of its lease, a directory of its own and the nearer of its limits', async () => {
  const { execution, job } = await runOnly({ timeoutMs: 60_000, maxRuntimeMs: 10_000 });
  expect(execution).toMatchObject({
    epoch: 1,
    attempt: 1,
    tag: `${job.id}-anna/h1`,
    deadlineAt: world.settings.clock.now() + 10_000,
  });
  expect(execution.resultsDir).toBe(`${world.settings.resultsRoot}/${job.id}-anna/h1`);
  expect(Buffer.byteLength(execution.socketPath)).toBeLessThan(107);
  const snapshot = await world.snapshot();
  expect(only(snapshot.entries)).toMatchObject({ state: 'running', executionId: execution.id });
  expect(only(snapshot.hosts)).toMatchObject({ state: 'running', dirty: true });
});

it('writing down the same end twice changes nothing the second time', async () => {
  const { execution, job } = await runOnly();
  const end = { exitClass: 'lost', cause: { code: 'AT_AUTOSERV_LOST', message: 'gone' }, needsGather: true } as const;
  await recordEnd(world.settings, execution.id, end);
  await recordEnd(world.settings, execution.id, end);
  const { executions } = await world.snapshot();
  expect(executions.map(({ purpose, state }) => [purpose, state])).toEqual([
    ['job', 'ended'],
    ['gather', 'created'],
  ]);
  const gather = executions.find(({ purpose }) => purpose === 'gather');
  expect(gather).toMatchObject({ resultsDir: execution.resultsDir, epoch: execution.epoch });
  expect(gather?.socketPath).not.toBe(execution.socketPath);
  await recordEnd(world.settings, gather?.id ?? 0, { exitClass: 'clean', needsGather: false });
  await settleJob(world.settings, execution.id, gather);
  await settleJob(world.settings, execution.id, gather);
  expect(only(await world.database.jobs.entries(job.id))).toMatchObject({
    state: 'finished',
    outcome: 'error',
    cause: end.cause,
  });
  const after = await world.snapshot();
  expect(after.executions).toEqual([]);
  expect(after.tasks.map(({ kind }) => kind)).toEqual(['verify']);
});

it('the greeting of a process whose start was not written down says both', async () => {
  await assignOnly({ runVerify: false });
  const snapshot = await world.snapshot();
  const execution = await launch(world.settings, snapshot, snapshot.entries);
  const running = await recordGreeting(world.settings, execution?.id ?? 0, process.pid);
  expect(running).toMatchObject({ state: 'running', pid: process.pid });
  expect(running.pidStartTicks).toMatch(/^\d+$/);
  expect(only((await world.snapshot()).entries).state).toBe('running');
});

it('two tasks that nobody asked for do not take the same host', async () => {
  const host = await world.addHost('h1');
  expect(await addOwnTask(world.settings, host, 'verify')).toBe(true);
  expect(await addOwnTask(world.settings, host, 'verify')).toBe(false);
  expect((await world.snapshot()).tasks).toHaveLength(1);
});
