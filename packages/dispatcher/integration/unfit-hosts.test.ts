import { afterEach, beforeEach, expect, test } from 'vitest';
import { Lab } from './lab.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

async function taskHistory(hostId: number) {
  const tasks = await lab.database.jobs.tasksOf({ hostId, first: 20 });
  return tasks.sort((a, b) => a.id - b.id).map(({ kind, outcome }) => `${kind} ${outcome}`);
}

test('a host that fails its verify is repaired, verified again and used', async () => {
  const host = await lab.addHost('h1', { verify: 'fail-once' });
  await lab.startDispatcher();
  const { job } = await lab.submit({ hostIds: [host.id] });
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({ outcome: 'passed', hostFailures: 0 });
  expect(await taskHistory(host.id)).toEqual(['verify failed', 'repair passed', 'verify passed']);
});

test('a named host that repair does not help is set aside, and its entry ends with the evidence', async () => {
  const host = await lab.addHost('h1', { verify: 'fail' });
  await lab.startDispatcher();
  const { job } = await lab.submit({ hostIds: [host.id] });
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({ outcome: 'error', cause: { code: 'AT_HOST_UNFIT' }, hostFailures: 1 });
  expect(entry?.cause?.message).toBe('verify of h1 failed: it was to fail');
  expect(await taskHistory(host.id)).toEqual(['verify failed', 'repair passed', 'verify failed']);
  const aside = await lab.untilHost('h1', 'repairFailed');
  expect(aside.reverifyAt).toBeGreaterThan(Date.now());
  expect(await lab.database.jobs.executions(job.id)).toEqual([]);
});

test('an entry with a host to choose moves on to a host that is fit', async () => {
  const bad = await lab.addHost('a-bad', { verify: 'fail' });
  const good = await lab.addHost('b-good');
  await lab.startDispatcher();
  const { job } = await lab.submit({ anyHosts: 1 });
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({
    outcome: 'passed',
    hostId: good.id,
    hostFailures: 1,
    triedHostIds: [bad.id],
    repairedHostIds: [bad.id],
  });
});

test('an entry with a host to choose ends when as many hosts failed as its budget allows', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await lab.addHost(name, { verify: 'fail' }, { protection: 'doNotRepair' });
  await lab.startDispatcher();
  const { job } = await lab.submit({ anyHosts: 1 });
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({ outcome: 'error', hostFailures: 3, cause: { code: 'AT_HOST_UNFIT' } });
  expect((await lab.host('d')).state).toBe('ready');
});

test('a protected host is neither verified nor repaired', async () => {
  const host = await lab.addHost('h1', { verify: 'fail' }, { protection: 'doNotVerify' });
  await lab.startDispatcher();
  const { job } = await lab.submit({ hostIds: [host.id] });
  expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
  expect(await taskHistory(host.id)).toEqual([]);
});

test('a host set aside is verified again when its time comes, and returns by itself', async () => {
  const host = await lab.addHost('h1', { verify: 'fail-once', repair: 'fail' });
  await lab.startDispatcher({ reverifyMs: 200 });
  const { job } = await lab.submit({ hostIds: [host.id] });
  expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'error' }]);
  const back = await lab.untilHost('h1', 'ready');
  expect(back.reverifyAt).toBeUndefined();
  expect(await taskHistory(host.id)).toEqual(['verify failed', 'repair failed', 'verify passed']);
});

test('a verify whose autoserv is killed says nothing of the host and is done again', async () => {
  const host = await lab.addHost('h1', { verify: 'die-once' });
  await lab.startDispatcher();
  const { job } = await lab.submit({ hostIds: [host.id] });
  expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
  expect(await taskHistory(host.id)).toEqual(['verify lost', 'verify passed']);
});

test('hosts are cleaned before and after a job where its policy says so', async () => {
  const host = await lab.addHost('h1');
  await lab.startDispatcher();
  const { job } = await lab.submit({
    hostIds: [host.id],
    rebootBefore: 'always',
    rebootAfter: 'ifFailed',
    fake: 'fail',
  });
  expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'failed' }]);
  expect(await lab.untilHost('h1', 'ready')).toMatchObject({ dirty: false });
  expect(await taskHistory(host.id)).toEqual(['cleanup passed', 'verify passed', 'cleanup passed']);
});

test('a cleanup after a job that fails cannot change the job, and the host is repaired', async () => {
  const host = await lab.addHost('h1', { cleanup: 'fail' });
  await lab.startDispatcher();
  const { job } = await lab.submit({ hostIds: [host.id], rebootAfter: 'always' });
  expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
  await lab.until('a repair', async () => (await taskHistory(host.id)).length === 4);
  await lab.untilHost('h1', 'ready');
  expect(await taskHistory(host.id)).toEqual(['verify passed', 'cleanup failed', 'repair passed', 'verify passed']);
});
