import { describe, expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';

const minute = 60_000;
const attempts = (executions: readonly { purpose: string; attempt: number; tag: string }[]) =>
  executions.map(({ purpose, attempt, tag }) => `${purpose} ${attempt} ${tag.split('/')[1]}`);

test('a failure of the lab is tried again on another host, and both attempts are kept', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const job = await lab.submit({ any: 1, runVerify: false });
  await lab.fail('job 1 h1');
  expect([await lab.state(job), await lab.runs()]).toEqual(['running h2', ['verify h1', 'job 1 h2']]);
  expect(await lab.entry(job)).toMatchObject({ attempt: 2, infraFailures: 1, testFailures: 0 });
  await lab.pass('job 1 h2');
  expect(await lab.state(job)).toBe('finished h2 passed');
  expect(attempts(await lab.executions(job))).toEqual(['job 1 h1', 'job 2 h2.2']);
  expect((await lab.executions(job))[0]).toMatchObject({ exitClass: 'infra', cause: { code: 'AT_HOST_UNREACHABLE' } });
});

test('a failure of the lab is tried again as often as the job says, then it is the end', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ any: 1, runVerify: false, infraRetries: 2 });
  for (let n = 0; n < 2; n++) {
    await lab.fail('job 1 h1');
    await lab.pass('verify h1');
  }
  await lab.fail('job 1 h1');
  expect(await lab.state(job)).toBe('finished h1 error');
  expect((await lab.entry(job)).cause).toEqual({ code: 'AT_HOST_UNREACHABLE', message: 'the host does not answer' });
});

test('a test that fails is not tried again unless the job says so', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const once = await lab.submit({ any: 1, runVerify: false, infraRetries: 5 });
  await lab.end('job 1 h1', 'testFailures');
  expect(await lab.state(once)).toBe('finished h1 failed');
  const twice = await lab.submit({ any: 1, runVerify: false, infraRetries: 0, retries: 1 });
  await lab.end('job 2 h1', 'testFailures');
  expect(await lab.state(twice)).toBe('running h1');
  await lab.end('job 2 h1', 'testFailures');
  expect(await lab.state(twice)).toBe('finished h1 failed');
  expect(attempts(await lab.executions(twice))).toEqual(['job 1 h1', 'job 2 h1.2']);
});

test('each kind of failure has its own number of attempts', async () => {
  const lab = await openLab({ hosts: ['h1'] });
  const job = await lab.submit({ any: 1, runVerify: false, infraRetries: 1, retries: 1 });
  await lab.end('job 1 h1', 'testFailures');
  await lab.fail('job 1 h1');
  await lab.pass('verify h1', 'job 1 h1');
  expect(await lab.state(job)).toBe('finished h1 passed');
  expect(await lab.entry(job)).toMatchObject({ attempt: 3, infraFailures: 1, testFailures: 1 });
});

test('hosts that start together are tried again together', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const job = await lab.submit({ on: ['h1', 'h2'], together: 2, runVerify: false });
  await lab.fail('job 1 h1+h2');
  expect(await lab.state(job)).toBe('queued h1, queued h2');
  await lab.pass('verify h1', 'verify h2', 'job 1 h1+h2');
  expect(await lab.state(job)).toBe('finished h1 passed, finished h2 passed');
  expect(attempts(await lab.executions(job))).toEqual(['job 1 group1', 'job 2 group1.2']);
});

test("nothing is tried again after the job's time is over", async () => {
  const lab = await openLab({ hosts: ['h1'] });
  lab.isObedient = false;
  const job = await lab.submit({ any: 1, runVerify: false, timeoutMs: minute });
  await lab.advance(minute);
  await lab.fail('job 1 h1');
  expect(await lab.state(job)).toBe('finished h1 error');
});

describe('after a job', () => {
  test('its owner keeps the host as it is, where a failure was to be looked at', async () => {
    const lab = await openLab({ hosts: ['h1'] });
    const wish = {
      on: ['h1'],
      runVerify: false,
      rebootAfter: 'always',
      reserveOn: 'failure',
      reserveMs: 10 * minute,
    } as const;
    await lab.submit(wish);
    await lab.end('job 1 h1', 'testFailures');
    expect(await lab.host('h1')).toMatchObject({
      state: 'ready',
      reservedBy: 'anna',
      reserveReason: 'to look at it after 1-anna/h1',
    });
    expect(await lab.runs()).toEqual([]);
    const others = await lab.submit({ any: 1, owner: 'bob', runVerify: false });
    const own = await lab.submit({ any: 1, owner: 'anna', runVerify: false });
    expect([await lab.state(others), await lab.state(own)]).toEqual(['queued', 'running h1']);
    await lab.pass(`job ${own} h1`);
    expect((await lab.reason(others))?.message).toMatch(/reservation for anna/);
    await lab.advance(10 * minute);
    expect(await lab.state(others)).toBe('running h1');
  });

  test('nobody keeps the host where all was well, or where only failures were to be looked at and it was aborted', async () => {
    const lab = await openLab({ hosts: ['h1'] });
    const wish = { on: ['h1'], runVerify: false, reserveOn: 'failure', reserveMs: 10 * minute } as const;
    await lab.submit(wish);
    await lab.pass('job 1 h1');
    await lab.abort(await lab.submit(wish));
    expect((await lab.host('h1')).reservedBy).toBeUndefined();
    await lab.submit({ ...wish, reserveOn: 'always' });
    await lab.pass('job 3 h1');
    expect((await lab.host('h1')).reservedBy).toBe('anna');
  });

  test('nobody keeps the host of an attempt that is followed by another', async () => {
    const lab = await openLab({ hosts: ['h1', 'h2'] });
    const job = await lab.submit({
      any: 1,
      runVerify: false,
      retries: 1,
      reserveOn: 'failure',
      reserveMs: 10 * minute,
    });
    await lab.end('job 1 h1', 'testFailures');
    expect((await lab.host('h1')).reservedBy).toBeUndefined();
    await lab.end((await lab.runs())[0] ?? '', 'testFailures');
    expect(await lab.state(job)).toMatch(/failed$/);
    expect((await lab.database.hosts.all()).filter(({ reservedBy }) => reservedBy === 'anna')).toHaveLength(1);
  });

  test('a host that failed has less health, and one that did its work has more', async () => {
    const lab = await openLab({ hosts: ['h1'] });
    await lab.submit({ on: ['h1'], runVerify: false, infraRetries: 0 });
    await lab.fail('job 1 h1');
    const worn = (await lab.host('h1')).health;
    await lab.pass('verify h1');
    const better = (await lab.host('h1')).health;
    expect([worn < 1, better > worn]).toEqual([true, true]);
    await lab.submit({ on: ['h1'], runVerify: false });
    await lab.end('job 2 h1', 'testFailures');
    expect((await lab.host('h1')).health).toBeGreaterThan(better);
  });
});
