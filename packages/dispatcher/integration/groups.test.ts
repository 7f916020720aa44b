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
  expect((await lab.database.scheduling.snapshot()).leases.size).toBe(0);
});

test('a host is held until its sibling is free', async () => {
  const h1 = await lab.addHost('h1');
  const h2 = await lab.addHost('h2');
  await lab.startDispatcher();
  const gate = lab.gate();
  const blocker = await lab.submit({ hostIds: [h2.id], gate: gate.path });
  await lab.untilAll(blocker.job.id, 'running');
  const { job } = await lab.submit({ type: 'server', syncCount: 2, hostIds: [h1.id, h2.id] });
  await lab.untilHost('h1', 'reserved');
  const waiting = await lab.until('reasons of both', async () => {
    const entries = await lab.entries(job.id);
    return entries.every(({ waiting: reason }) => reason?.code === 'siblings') && entries;
  });
  expect(waiting.find(({ hostId }) => hostId === h2.id)?.waiting?.message).toBe(
    `waits for 1 more host; h2 is running job ${blocker.job.id}`,
  );
  gate.open();
  const entries = await lab.untilAll(job.id, 'finished');
  expect(entries.map(({ outcome }) => outcome)).toEqual(['passed', 'passed']);
});

test('two jobs that want the same pair of hosts do not block each other', async () => {
  const h1 = await lab.addHost('h1');
  const h2 = await lab.addHost('h2');
  await lab.startDispatcher();
  const gate = lab.gate();
  const blocker = await lab.submit({ hostIds: [h2.id], gate: gate.path });
  await lab.untilAll(blocker.job.id, 'running');
  const low = await lab.submit({ type: 'server', syncCount: 2, hostIds: [h1.id, h2.id], priority: 0 });
  await lab.untilHost('h1', 'reserved');
  const high = await lab.submit({ type: 'server', syncCount: 2, hostIds: [h2.id, h1.id], priority: 30 });
  await lab.until('h1 held for the job of higher rank', async () => {
    const entries = await lab.entries(high.job.id);
    return entries.some(({ state, hostId }) => state === 'ready' && hostId === h1.id);
  });
  gate.open();
  for (const { job } of [high, low]) {
    const entries = await lab.untilAll(job.id, 'finished');
    expect(entries.map(({ outcome }) => outcome)).toEqual(['passed', 'passed']);
  }
});
