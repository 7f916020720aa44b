import { afterEach, beforeEach, expect, test } from 'vitest';
import { Lab } from './lab.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

test('hosts of a server job start together when enough are ready, and left-overs stop', async () => {
  for (const name of ['h1', 'h2', 'h3', 'h4', 'h5']) await lab.addHost(name);
  await lab.startDispatcher();
  const { job } = await lab.submit({ type: 'server', syncCount: 2, anyHosts: 5 });
  const entries = await lab.untilAll(job.id, 'finished');
  expect(entries.map(({ outcome }) => outcome ?? '').toSorted()).toEqual([
    'passed',
    'passed',
    'passed',
    'passed',
    'stopped',
  ]);
  const executions = await lab.database.jobs.executions(job.id);
  expect(executions).toHaveLength(2);
  expect(executions.every(({ tag }) => /^\d+-tester\/group\d$/.test(tag))).toBe(true);
  for (const { id } of executions) expect(entries.filter(({ executionId }) => executionId === id)).toHaveLength(2);
  expect(await lab.heldLeases()).toEqual([]);
});

test('a free host is kept for a job until its sibling is free', async () => {
  const h1 = await lab.addHost('h1');
  const h2 = await lab.addHost('h2');
  await lab.startDispatcher();
  const gate = lab.gate();
  const blocker = await lab.submit({ hostIds: [h2.id], gate: gate.path });
  await lab.untilAll(blocker.job.id, 'running');
  const pair = await lab.submit({ type: 'server', syncCount: 2, hostIds: [h1.id, h2.id] });
  const reason = await lab.until('a reason', async () => lab.reasonOf((await lab.entries(pair.job.id))[0]));
  expect(reason).toMatchObject({
    code: 'siblings',
    message: `waits for 1 more host; h2 is running job ${blocker.job.id}`,
  });
  const late = await lab.submit({ hostIds: [h1.id] });
  const why = await lab.until('a reason', async () => lab.reasonOf((await lab.entries(late.job.id))[0]));
  expect(why.message).toBe(`h1 is kept for job ${pair.job.id}, which waits for more hosts`);
  gate.open();
  for (const { job } of [pair, late])
    for (const entry of await lab.untilAll(job.id, 'finished')) expect(entry.outcome).toBe('passed');
});

test('two jobs that want the same pair of hosts do not block each other, and the one of higher rank goes first', async () => {
  const h1 = await lab.addHost('h1');
  const h2 = await lab.addHost('h2');
  await lab.startDispatcher();
  const gate = lab.gate();
  const blocker = await lab.submit({ hostIds: [h2.id], gate: gate.path });
  await lab.untilAll(blocker.job.id, 'running');
  const low = await lab.submit({ type: 'server', syncCount: 2, hostIds: [h1.id, h2.id], priority: 0 });
  const high = await lab.submit({ type: 'server', syncCount: 2, hostIds: [h2.id, h1.id], priority: 30 });
  gate.open();
  const finishedAt: number[] = [];
  for (const { job } of [high, low]) {
    const entries = await lab.untilAll(job.id, 'finished');
    expect(entries.map(({ outcome }) => outcome)).toEqual(['passed', 'passed']);
    finishedAt.push((await lab.database.jobs.byId(job.id))?.finishedAt ?? 0);
  }
  expect(finishedAt[0]).toBeLessThan(finishedAt[1] ?? 0);
});
