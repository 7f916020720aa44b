import { describe, expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';
import { any, now, on, placed, Plan, together, type Sketch } from '../support/sketch.ts';

const busy = { state: 'running' as const };
const minute = 60_000;

/** Somebody aborts job 2. */
function abortGroup({ world }: Plan): void {
  const entries = world.entriesOf(2).map((entry) => ({ ...entry, abortRequested: true, version: entry.version + 1 }));
  world.take({ entries, jobs: [], hosts: [], executions: [], tasks: [], leases: [] });
}

describe('hosts that start together', () => {
  const cases: [title: string, sketch: Sketch, expected: Record<number, string>][] = [
    ['are given together', { hosts: [{}, {}], jobs: [together(2, any(2))] }, { 100: 'h1', 101: 'h2' }],
    ['are not given one by one', { hosts: [{}, busy], jobs: [together(2, on(1, 2))] }, {}],
    [
      'are no more than make up whole groups',
      { hosts: [{}, {}, {}, {}, {}], jobs: [together(2, any(5))] },
      { 100: 'h1', 101: 'h2', 102: 'h3', 103: 'h4' },
    ],
    [
      'are not taken from a named sibling',
      { hosts: [{}, {}], jobs: [together(2, [{}, { hostId: 1 }])] },
      { 100: 'h2', 101: 'h1' },
    ],
    [
      'count with those that are held already',
      { hosts: [{ state: 'reserved' }, {}], jobs: [together(2, [{ state: 'ready', hostId: 1 }, { hostId: 2 }])] },
      { 100: 'h1', 101: 'h2' },
    ],
    [
      'have the value of those that are held already',
      {
        hosts: [{ state: 'reserved', labels: ['rack:b'] }, { labels: ['rack:a'] }, { labels: ['rack:b'] }],
        jobs: [together(2, [{ state: 'ready', hostId: 1 }, {}], { sameValueOf: 'rack' })],
      },
      { 100: 'h1', 101: 'h3' },
    ],
    [
      'are of the smallest set that is large enough',
      {
        hosts: ['a', 'a', 'a', 'b', 'b'].map((name) => ({ labels: [`rack:${name}`] })),
        jobs: [together(2, any(2), { sameValueOf: 'rack' })],
      },
      { 100: 'h4', 101: 'h5' },
    ],
    [
      'may be of another value in the next group',
      {
        hosts: ['a', 'a', 'b', 'b'].map((name) => ({ labels: [`rack:${name}`] })),
        jobs: [together(2, any(4), { sameValueOf: 'rack' })],
      },
      { 100: 'h1', 101: 'h2', 102: 'h3', 103: 'h4' },
    ],
  ];
  test.each(cases)('%s', (_, sketch, expected) => expect(placed(sketch)).toEqual(expected));
});

describe('a host that is kept for a group', () => {
  /** h1 is free; h2 runs until `endAt`; a group of both waits, and a smaller job for h1. */
  const sketch = (small: object, endAt: number | null = now + 10 * minute): Sketch => ({
    hosts: [{}, busy],
    jobs: [
      { entries: [{ state: 'running', hostId: 2, executionId: 1 }], priority: 30 },
      together(2, on(1, 2)),
      { entries: on(1), ...small },
    ],
    executions: [{ jobId: 1, ...(endAt !== null && { deadlineAt: endAt }) }],
  });

  test('is not given to a smaller job that may run longer than until the others come', () => {
    expect(placed(sketch({}))).toEqual({ 100: 'h2' });
    expect(placed(sketch({ maxRuntimeMs: 11 * minute }))).toEqual({ 100: 'h2' });
  });

  test('is given to a smaller job that must be over before', () => {
    expect(placed(sketch({ maxRuntimeMs: 9 * minute }))).toEqual({ 100: 'h2', 300: 'h1' });
    expect(placed(sketch({ timeoutMs: 9 * minute, createdAt: now }))).toEqual({ 100: 'h2', 300: 'h1' });
  });

  test('is given to no job of unknown length where it is unknown when the others come', () => {
    expect(placed(sketch({ maxRuntimeMs: 1 }, null))).toEqual({ 100: 'h2' });
  });

  test('is given to a job of higher rank', () => {
    expect(placed(sketch({ priority: 20 }))).toEqual({ 100: 'h2', 300: 'h1' });
  });

  test("is everybody's again when the group wants none any more", () => {
    const plan = new Plan(sketch({})).run();
    abortGroup(plan);
    expect(plan.run().placed).toEqual({ 100: 'h2', 300: 'h1' });
  });

  test("is everybody's again when the group is gone after the rules changed meanwhile", () => {
    const plan = new Plan(sketch({})).run();
    const { accounts, dispatchers, onlyIfNeeded, admins, groupsOfUsers, groupsOfHosts } = plan.world;
    plan.world.takeRules({
      accounts: [{ name: 'bob', weight: 2 }],
      onlyIfNeeded: [...onlyIfNeeded],
      admins: [...admins],
      groupsOfUsers,
      groupsOfHosts,
      dispatchers: [...dispatchers.values()],
    });
    expect([...accounts.keys()]).toEqual(['bob']);
    plan.run();
    abortGroup(plan);
    expect(plan.run().placed).toEqual({ 100: 'h2', 300: 'h1' });
  });
});

test('a group gets its hosts although smaller jobs that clean up after them keep coming', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const small = { runVerify: false, rebootAfter: 'always' } as const;
  const first = [await lab.submit({ on: ['h1'], ...small }), await lab.submit({ on: ['h2'], ...small })];
  const group = await lab.submit({ on: ['h1', 'h2'], together: 2, runVerify: false });
  const later = [await lab.submit({ on: ['h1'], ...small }), await lab.submit({ on: ['h2'], ...small })];
  await lab.pass(`job ${first[0]} h1`, `job ${first[1]} h2`);
  expect(await lab.runs()).toEqual(['cleanup h1', 'cleanup h2']);
  await lab.pass('cleanup h1', 'cleanup h2');
  expect([await lab.state(group), await lab.state(later[0] ?? 0)]).toEqual(['running h1, running h2', 'queued h1']);
});

test("hosts are kept for a group for half an hour, then they are everybody's", async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  await lab.submit({ on: ['h2'], runVerify: false });
  const group = await lab.submit({ on: ['h1', 'h2'], together: 2, runVerify: false });
  const small = await lab.submit({ on: ['h1'], runVerify: false });
  await lab.advance(29 * minute);
  expect([await lab.state(group), await lab.state(small)]).toEqual(['queued h1, queued h2', 'queued h1']);
  await lab.advance(2 * minute);
  expect(await lab.state(small)).toBe('running h1');
});

test('J07 hosts that start together run one execution, with all of them in their order', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const job = await lab.submit({ on: ['h2', 'h1'], together: 2 });
  await lab.pass('verify h1', 'verify h2');
  expect(await lab.runs()).toEqual(['job 1 h2+h1']);
  const [execution, ...others] = await lab.executions(job);
  expect(others).toEqual([]);
  expect((await lab.entries(job)).map(({ executionId }) => executionId)).toEqual([execution?.id, execution?.id]);
});

test('of several groups that are made ready at once, each starts with hosts of one rack', async () => {
  const lab = await openLab({ hosts: ['h1 rack:a', 'h2 rack:a', 'h3 rack:b', 'h4 rack:b'] });
  const job = await lab.submit({ any: 4, together: 2, sameValueOf: 'rack' });
  await lab.pass('verify h1', 'verify h3');
  expect(await lab.state(job)).toBe('ready h1, preparing h2, ready h3, preparing h4');
  await lab.pass('verify h4');
  expect(await lab.runs()).toEqual(['verify h2', 'job 1 h3+h4']);
  await lab.pass('verify h2');
  expect(await lab.runs()).toEqual(['job 1 h3+h4', 'job 1 h1+h2']);
});

test('hosts of different racks that are named start together when they are ready', async () => {
  const lab = await openLab({ hosts: ['h1 rack:a', 'h2 rack:b'] });
  await lab.submit({ on: ['h1', 'h2'], together: 2, sameValueOf: 'rack' });
  await lab.pass('verify h1', 'verify h2');
  expect(await lab.runs()).toEqual(['job 1 h1+h2']);
});

test('left-overs that can form no group end stopped, and their hosts are free', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const job = await lab.submit({ on: ['h1', 'h2'], together: 2, infraRetries: 0 });
  await lab.pass('verify h1');
  await lab.fail('verify h2');
  await lab.fail('repair h2');
  expect(await lab.state(job)).toBe('finished h1 stopped, finished h2 error');
  expect((await lab.entries(job))[0]?.cause).toEqual({
    code: 'AT_TOO_FEW_HOSTS',
    message: '2 hosts start together, and only 1 is left of this job',
  });
  expect([await lab.hosts(), await lab.held()]).toEqual([{ h1: 'ready', h2: 'repairFailed' }, []]);
});

test('J19 a job of more hosts than start together forms several groups, each with a directory of its own', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2', 'h3', 'h4', 'h5'] });
  const job = await lab.submit({ any: 5, together: 2, runVerify: false });
  expect(await lab.runs()).toEqual(['job 1 h1+h2', 'job 1 h3+h4']);
  await lab.passAll();
  expect((await lab.executions(job)).map(({ tag }) => tag)).toEqual(['1-anna/group1', '1-anna/group3']);
  expect(await lab.state(job)).toBe(
    'finished h1 passed, finished h2 passed, finished h3 passed, finished h4 passed, finished stopped',
  );
});

test('a group whose sibling is lost gets another host in its place', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2', 'h3'] });
  const job = await lab.submit({ any: 2, together: 2 });
  await lab.pass('verify h1');
  await lab.fail('verify h2');
  await lab.fail('repair h2');
  expect(await lab.state(job)).toBe('ready h1, preparing h3');
  await lab.pass('verify h3', 'job 1 h1+h3');
  expect(await lab.state(job)).toBe('finished h1 passed, finished h3 passed');
});

test('a host that is held while its sibling does not come is given back after a while, and taken again with it', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const job = await lab.submit({ any: 2, together: 2 });
  await lab.pass('verify h1');
  await lab.fail('verify h2');
  await lab.fail('repair h2');
  expect(await lab.state(job)).toBe('ready h1, queued');
  await lab.changeHost('h2', { lockedBy: 'bob' });
  await lab.advance(31 * minute);
  expect([await lab.state(job), await lab.held()]).toEqual(['queued, queued', []]);
  await lab.changeHost('h2', { unlock: true });
  await lab.pass('verify h2');
  expect(await lab.state(job)).toBe('preparing h1, preparing h2');
});

test('a job that holds hosts for siblings still times out to the second', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  const job = await lab.submit({ any: 2, together: 2, timeoutMs: 40 * minute });
  await lab.pass('verify h1');
  await lab.fail('verify h2');
  await lab.fail('repair h2');
  await lab.changeHost('h2', { lockedBy: 'bob' });
  await lab.advance(39 * minute);
  expect(await lab.state(job)).toBe('queued, queued');
  await lab.advance(59_000);
  expect(await lab.state(job)).toBe('queued, queued');
  await lab.advance(1000);
  expect(await lab.state(job)).toBe('finished timedOut, finished timedOut');
});

test('a host in the place of one that was lost goes to the dispatcher that has its siblings', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2', 'h3', 'h4', 'h5'] });
  await lab.start({ id: 'd2' });
  await lab.advance(3000);
  const job = await lab.submit({ any: 4, together: 2 });
  const before = await lab.entries(job);
  expect(before.map(({ dispatcherId }) => dispatcherId)).toEqual(['d1', 'd1', 'd2', 'd2']);
  await lab.pass('verify h3');
  await lab.fail('verify h4');
  await lab.fail('repair h4');
  await lab.pass('verify h5');
  expect(await lab.runs()).toEqual(['verify h1', 'verify h2', 'job 1 h3+h5']);
});

test('hosts of two groups at two dispatchers that both lack a sibling are given back after a while', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2', 'h3', 'h4'] });
  await lab.start({ id: 'd2' });
  await lab.advance(3000);
  const job = await lab.submit({ any: 4, together: 2 });
  await lab.pass('verify h1', 'verify h3');
  for (const host of ['h2', 'h4']) {
    await lab.changeHost(host, { lockedBy: 'bob' });
    await lab.fail(`verify ${host}`);
    await lab.fail(`repair ${host}`);
  }
  expect(await lab.state(job)).toBe('ready h1, queued, ready h3, queued');
  await lab.advance(32 * minute);
  expect((await lab.runs()).filter((name) => name.startsWith('verify'))).toHaveLength(2);
  await lab.passAll();
  expect((await lab.state(job)).match(/passed/g)).toHaveLength(4);
});
