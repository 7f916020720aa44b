import { expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';

const minute = 60_000;
const hour = 60 * minute;

test('J16 a job has its host verified, for its entry, unless it wants no verify', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2', 'h3'] });
  const job = await lab.submit({ on: ['h1'] });
  const [task] = await lab.database.jobs.tasksOf({ jobId: job, first: 5 });
  expect(task).toMatchObject({ kind: 'verify', state: 'running', entryId: (await lab.entry(job)).id });
  await lab.submit({ on: ['h2', 'h3'], together: 2 });
  expect(await lab.tasks('h2')).toEqual(['verify running']);
  await lab.passAll();
  await lab.submit({ on: ['h1'], runVerify: false });
  expect([await lab.tasks('h1'), await lab.runs()]).toEqual([['verify passed'], ['job 3 h1']]);
});

test('J18 a host is cleaned before a job always, or if it is dirty, as the job says', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = { on: ['h1'], runVerify: false } as const;
  await lab.submit({ ...job, rebootBefore: 'always' });
  expect(await lab.runs()).toEqual(['cleanup h1']);
  await lab.pass('cleanup h1');
  expect((await lab.host('h1')).dirty).toBe(true);
  await lab.pass('job 1 h1');
  await lab.submit({ ...job, rebootBefore: 'ifDirty', runVerify: true });
  await lab.pass('cleanup h1');
  expect((await lab.host('h1')).dirty).toBe(false);
  await lab.abort(2);
  await lab.submit({ ...job, rebootBefore: 'ifDirty', runVerify: true });
  expect(await lab.runs()).toEqual(['verify h1']);
});

test('a host is cleaned, provisioned and verified in this order, and provisioned once for jobs that want the same', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const wish = { on: ['h1'], provision: 'debian-13' };
  const first = await lab.submit({ ...wish, rebootBefore: 'always' });
  await lab.pass('cleanup h1', 'provision h1', 'verify h1', `job ${first} h1`);
  expect((await lab.host('h1')).image).toBe('debian-13');
  await lab.submit(wish);
  expect(await lab.runs()).toEqual(['verify h1']);
  await lab.passAll();
  await lab.submit({ ...wish, provision: 'debian-12' });
  expect(await lab.runs()).toEqual(['provision h1']);
});

test('a host that cannot be provisioned is repaired and provisioned again, then set aside', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ on: ['h1'], provision: 'debian-13' });
  await lab.fail('provision h1');
  await lab.pass('repair h1');
  await lab.fail('provision h1');
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 error', { h1: 'repairFailed' }]);
  expect((await lab.host('h1')).image).toBeUndefined();
});

test('an entry with a host to choose ends when as many hosts failed as its budget allows, each repaired for itself', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2', 'h3', 'h4'], limits: { hostFailureBudget: 2 } });
  const job = await lab.submit({ any: 1 });
  for (const host of ['h1', 'h2']) {
    await lab.fail(`verify ${host}`);
    await lab.fail(`repair ${host}`);
  }
  expect(await lab.state(job)).toBe('finished h2 error');
  expect((await lab.entry(job)).cause).toEqual({
    code: 'AT_HOST_UNFIT',
    message: 'repair of h2 failed: the host does not answer',
  });
  expect(await lab.hosts()).toEqual({ h1: 'repairFailed', h2: 'repairFailed', h3: 'ready', h4: 'ready' });
});

test('a host that repair did not help several times is left alone for a while, then repaired again', async () => {
  const lab = await openLab({ hosts: ['h1'], limits: { maxRepairs: 2, repairCoolDownMs: 6 * hour } });
  await lab.request('verify', 'h1');
  await lab.fail('verify h1');
  await lab.fail('repair h1');
  await lab.request('verify', 'h1');
  await lab.fail('verify h1');
  await lab.pass('repair h1');
  await lab.fail('verify h1');
  expect(await lab.host('h1')).toMatchObject({ state: 'repairFailed', repairFailures: 2 });
  await lab.request('verify', 'h1');
  await lab.fail('verify h1');
  expect([await lab.hosts(), await lab.runs()]).toEqual([{ h1: 'repairFailed' }, []]);
  await lab.changeHost('h1', { lockedBy: 'bob' });
  await lab.advance(6 * hour);
  await lab.changeHost('h1', { unlock: true });
  await lab.fail('verify h1');
  expect(await lab.runs()).toEqual(['repair h1']);
  await lab.pass('repair h1', 'verify h1');
  expect(await lab.host('h1')).toMatchObject({ state: 'ready', repairFailures: 0 });
});

test('a host that must not be repaired is set aside at once', async () => {
  const lab = await openLab({ hosts: [{ name: 'h1', protection: 'doNotRepair' }] });
  const job = await lab.submit({ on: ['h1'] });
  await lab.fail('verify h1');
  expect([await lab.state(job), await lab.tasks('h1')]).toEqual(['finished h1 error', ['verify failed']]);
});

test('J20 a host that was set aside is verified again when its time comes, later each time, and not while it is locked', async () => {
  const lab = await openLab({ hosts: [{ name: 'h1', protection: 'doNotRepair' }] });
  await lab.request('verify', 'h1');
  await lab.fail('verify h1');
  expect(await lab.hosts()).toEqual({ h1: 'repairFailed' });
  await lab.advance(5 * minute - 1000);
  expect(await lab.runs()).toEqual([]);
  await lab.advance(1000);
  expect(await lab.runs()).toEqual(['verify h1']);
  await lab.fail('verify h1');
  await lab.advance(10 * minute - 1000);
  expect(await lab.runs()).toEqual([]);
  await lab.changeHost('h1', { lockedBy: 'bob', lockedUntil: lab.clock.now() + 3 * minute });
  await lab.advance(3 * minute - 1000);
  expect(await lab.runs()).toEqual([]);
  await lab.advance(1000);
  expect(await lab.runs()).toEqual(['verify h1']);
  await lab.pass('verify h1');
  expect(await lab.hosts()).toEqual({ h1: 'ready' });
});

test('a locked host that was set aside is verified after its lock, though that ends before its time', async () => {
  const lab = await openLab({ hosts: [{ name: 'h1', protection: 'doNotRepair' }] });
  await lab.request('verify', 'h1');
  await lab.fail('verify h1');
  await lab.changeHost('h1', { lockedBy: 'bob', lockedUntil: lab.clock.now() + minute });
  await lab.advance(5 * minute);
  expect(await lab.runs()).toEqual(['verify h1']);
});

test('a task whose autoserv is killed says nothing of the host and is done again, but not for ever', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  await lab.submit({ on: ['h1'] });
  for (let n = 0; n < 3; n++) await lab.kill('verify h1');
  expect(await lab.tasks('h1')).toEqual(['verify lost', 'verify lost', 'verify lost', 'repair running']);
});

test('what the controller could not do says nothing of the host', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  await lab.submit({ on: ['h1'] });
  await lab.end('verify h1', 'infra', { code: 'AT_RESULTS_DISK_FULL', message: 'the disk is full' });
  expect([await lab.tasks('h1'), (await lab.host('h1')).health]).toEqual([['verify lost', 'verify running'], 1]);
});

test('a task that takes too long counts as failed', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  await lab.submit({ on: ['h1'] });
  await lab.advance(10 * minute - 1000);
  expect(await lab.runs()).toEqual(['verify h1']);
  await lab.advance(1000);
  expect([await lab.tasks('h1'), await lab.runs()]).toEqual([['verify failed', 'repair running'], ['repair h1']]);
});

test('what somebody asks for of a host is done one after the other, repair first', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  await lab.submit({ on: ['h1'], runVerify: false });
  for (const kind of ['verify', 'cleanup', 'repair', 'verify'] as const) await lab.request(kind, 'h1');
  await lab.pass('job 1 h1', 'repair h1', 'verify h1', 'cleanup h1', 'verify h1');
  expect([await lab.runs(), await lab.hosts(), await lab.held()]).toEqual([[], { h1: 'ready' }, []]);
});

test('a locked host does nothing that somebody asks for until it is unlocked', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  await lab.changeHost('h1', { lockedBy: 'bob' });
  await lab.request('verify', 'h1');
  expect(await lab.runs()).toEqual([]);
  await lab.changeHost('h1', { unlock: true });
  expect(await lab.runs()).toEqual(['verify h1']);
});
