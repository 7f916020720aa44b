import { describe, expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';
import { any, on, Plan, together, type Sketch } from '../support/sketch.ts';

/** Which dispatcher the entries were given to, by entry id. */
function carriers(sketch: Sketch): Record<number, string> {
  const { world } = new Plan(sketch).run();
  const given = [...world.entries.values()].filter(({ dispatcherId }) => dispatcherId !== undefined);
  return Object.fromEntries(given.map(({ id, dispatcherId = '' }) => [id, dispatcherId]));
}

/** Entries that keep dispatchers busy: job 1, one entry each, by dispatcher. */
const load = (...dispatcherIds: readonly string[]) => ({
  entries: dispatcherIds.map((dispatcherId) => ({ hostless: true, state: 'running' as const, dispatcherId })),
});
const dispatchers = (...sizes: readonly number[]) => sizes.map((maxExecutions) => ({ maxExecutions }));
const one = { entries: [{ hostless: true }] };

describe('how much runs at once', () => {
  test('T01 of four jobs for three places three start', async () => {
    const lab = await openLab({ limits: { maxExecutions: 3 } });
    for (let n = 0; n < 4; n++) await lab.submit();
    expect(await lab.runs()).toEqual(['job 1', 'job 2', 'job 3']);
    await lab.pass('job 2');
    expect(await lab.runs()).toEqual(['job 1', 'job 3', 'job 4']);
  });

  test('T03 hosts that start together, more than there are places at all, go to a dispatcher that has nothing else to do', () => {
    const hosts = [{}, {}, {}];
    const group = together(3, any(3));
    expect(carriers({ hosts, jobs: [group], dispatchers: dispatchers(2) })).toEqual({
      100: 'd1',
      101: 'd1',
      102: 'd1',
    });
    expect(carriers({ hosts, jobs: [load('d1'), group], dispatchers: dispatchers(2) })).toEqual({ 100: 'd1' });
  });

  test("special tasks that nobody's entry needs are shared out like jobs", () => {
    const hosts = [{}, {}, {}, {}];
    const tasks = [1, 2, 3, 4].map((hostId) => ({ hostId }));
    const { world } = new Plan({ hosts, tasks, dispatchers: dispatchers(2, 1) }).run();
    expect([...world.tasks.values()].map(({ dispatcherId }) => dispatcherId ?? '-')).toEqual(['d1', 'd2', 'd1', '-']);
    expect(world.hosts.get(4)?.state).toBe('ready');
  });
});

describe('which dispatcher', () => {
  test('T06 the one with the least to do', () => {
    expect(carriers({ jobs: [load('d1'), one], dispatchers: dispatchers(2, 2) })[200]).toBe('d2');
  });

  test('T07 not one without room for all hosts of a group', () => {
    const sketch = { hosts: [{}, {}], jobs: [load('d1', 'd2'), together(2, on(1, 2))] };
    expect(carriers({ ...sketch, dispatchers: dispatchers(2, 3) })).toMatchObject({ 200: 'd2', 201: 'd2' });
  });

  test('T09 of two with equally little to do the larger', () => {
    expect(carriers({ jobs: [one], dispatchers: dispatchers(1, 4) })[100]).toBe('d2');
    expect(carriers({ jobs: [load('d1', 'd2', 'd2'), one], dispatchers: dispatchers(2, 4) })[200]).toBe('d2');
  });

  test('T10 not one that is only for other people, however large', () => {
    const some = [{ maxExecutions: 2 }, { maxExecutions: 100, onlyUsers: ['bob'] }];
    expect(carriers({ jobs: [one], dispatchers: some })[100]).toBe('d1');
    expect(carriers({ jobs: [{ ...one, owner: 'bob' }], dispatchers: some })[100]).toBe('d2');
  });

  test('T12 any, where the job asks for no pool', () => {
    const some = [{ maxExecutions: 3, pools: ['a'] }, { maxExecutions: 10 }];
    expect(carriers({ jobs: [one], dispatchers: some })[100]).toBe('d2');
  });

  test('T13 one of the pool that the job asks for', () => {
    const some = [{ maxExecutions: 10 }, { maxExecutions: 3, pools: ['a'] }, { maxExecutions: 2, pools: ['a', 'b'] }];
    expect(carriers({ jobs: [{ ...one, pool: 'a' }], dispatchers: some })[100]).toBe('d2');
    expect(carriers({ jobs: [{ ...one, pool: 'b' }], dispatchers: some })[100]).toBe('d3');
  });

  test('T15 none, where no dispatcher is of the pool, and the job says so', () => {
    const plan = new Plan({ jobs: [{ ...one, pool: 'gone' }] }).run();
    expect(plan.placed).toEqual({});
    expect(plan.reasons[100]).toEqual({
      code: 'capacity',
      message: 'no running dispatcher is of the pool gone',
      unblock: ['start a dispatcher of the pool gone'],
    });
  });

  test('none that is draining, and the job says how to end that', () => {
    const plan = new Plan({ jobs: [one], dispatchers: [{ draining: true }] }).run();
    expect(plan.placed).toEqual({});
    expect(plan.reasons[100]).toMatchObject({ code: 'capacity', unblock: ['autotest dispatcher undrain d1'] });
  });

  test('none whose machine lacks something, and the job says what', () => {
    const plan = new Plan({ jobs: [one], dispatchers: [{ shortage: 'the disk is full' }] }).run();
    expect(plan.reasons[100]).toMatchObject({ code: 'capacity', message: 'the disk is full' });
  });

  test('none, where none is there', () => {
    expect(new Plan({ jobs: [one], dispatchers: [] }).run().reasons[100]).toMatchObject({
      code: 'capacity',
      message: 'no dispatcher is running',
    });
  });
});

test('T04 a group that waits for places is not starved by single hosts', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2', 'h3'], limits: { maxExecutions: 3 } });
  const blocker = await lab.submit();
  const group = await lab.submit({ on: ['h1', 'h2', 'h3'], together: 3, runVerify: false });
  const small = await lab.submit();
  expect([await lab.state(group), await lab.state(small)]).toEqual(['queued h1, queued h2, queued h3', 'queued']);
  await lab.pass(`job ${blocker}`);
  expect([await lab.state(group), await lab.state(small)]).toEqual(['running h1, running h2, running h3', 'queued']);
});

test('T11 somebody whose only dispatcher is full waits, while others go on', async () => {
  const lab = await openLab({ limits: { maxExecutions: 1 }, onlyUsers: ['anna'] });
  await lab.start({ id: 'd2', onlyUsers: ['bob'] });
  await lab.advance(3000);
  await lab.submit({ owner: 'anna' });
  const waiting = await lab.submit({ owner: 'anna' });
  const other = await lab.submit({ owner: 'bob' });
  expect([await lab.state(waiting), await lab.state(other)]).toEqual(['queued', 'running']);
  expect(await lab.reason(waiting)).toEqual({
    code: 'capacity',
    message: '1 executions run already, as many as the dispatcher may start',
    unblock: ['an execution ends', 'a dispatcher is added'],
  });
});

test('somebody for whom no dispatcher is does not keep others waiting', async () => {
  const lab = await openLab({ onlyUsers: ['bob'] });
  const nobodys = await lab.submit({ owner: 'anna' });
  const job = await lab.submit({ owner: 'bob' });
  expect([await lab.state(nobodys), await lab.state(job)]).toEqual(['queued', 'running']);
});

test('T14 a job whose pool is full waits for a place in it, although other dispatchers are free', async () => {
  const lab = await openLab();
  await lab.start({ id: 'd2', pools: ['a'], limits: { maxExecutions: 1 } });
  await lab.advance(3000);
  const first = await lab.submit({ pool: 'a' });
  const second = await lab.submit({ pool: 'a' });
  expect([await lab.state(first), await lab.state(second)]).toEqual(['running', 'queued']);
  await lab.pass(`job ${first}`);
  expect(await lab.state(second)).toBe('running');
});

test('a dispatcher that is drained finishes what it has and takes nothing new, until that is ended', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const job = await lab.submit({ on: ['h1'] });
  await lab.database.scheduling.setDraining('d1', true, 'anna');
  await lab.settle();
  const next = await lab.submit({ on: ['h2'] });
  await lab.pass('verify h1', `job ${job} h1`);
  expect([await lab.state(job), await lab.state(next)]).toEqual(['finished h1 passed', 'queued h2']);
  await lab.database.scheduling.setDraining('d1', false, 'anna');
  await lab.settle();
  expect(await lab.state(next)).toBe('preparing h2');
});

test('a job that comes while another dispatcher is drained goes to the one that is left', async () => {
  const lab = await openLab();
  await lab.start({ id: 'd2', limits: { maxExecutions: 1000 } });
  await lab.advance(3000);
  const first = await lab.submit();
  await lab.database.scheduling.setDraining('d2', true, 'anna');
  await lab.settle();
  const second = await lab.submit();
  expect([(await lab.entry(first)).dispatcherId, (await lab.entry(second)).dispatcherId]).toEqual(['d2', 'd1']);
});
