import { expect, test } from 'vitest';
import { openLab } from '../support/lab.ts';

const minute = 60_000;

/** Two dispatchers, of which the second has what was submitted. */
async function openPair(machine: string) {
  const lab = await openLab({ hosts: ['h1', 'h2'] });
  await lab.start({ id: 'd2', machine, limits: { maxExecutions: 1000 } });
  await lab.advance(4000);
  return lab;
}

test('one of several dispatchers plans, and another one does when that one stops', async () => {
  const lab = await openPair('m1');
  expect([lab.dispatcher('d1').isPlanner, lab.dispatcher('d2').isPlanner]).toEqual([true, false]);
  await lab.stop('d1');
  await lab.advance(4000);
  expect(lab.dispatcher('d2').isPlanner).toBe(true);
  const job = await lab.submit({ any: 1, runVerify: false });
  expect(await lab.state(job)).toBe('running h1');
});

test('what a dead dispatcher ran goes on at another one of its machine', async () => {
  const lab = await openPair('m1');
  const job = await lab.submit({ on: ['h1'], runVerify: false });
  expect((await lab.entry(job)).dispatcherId).toBe('d2');
  await lab.crash('d2');
  await lab.advance(30_000);
  expect((await lab.entry(job)).dispatcherId).toBe('d1');
  await lab.pass(`job ${job} h1`);
  expect([await lab.state(job), await lab.hosts()]).toEqual(['finished h1 passed', { h1: 'ready', h2: 'ready' }]);
});

test('what a dead dispatcher had not begun is begun by another one of its machine, also by one that does not plan', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2', 'h3'], machine: 'm0' });
  await lab.start({ id: 'd2', machine: 'm1' });
  await lab.start({ id: 'd3', machine: 'm1', limits: { maxExecutions: 0 } });
  await lab.advance(4000);
  // d1 and d2 are busy, so that d3, which has nothing to do, gets the third.
  const jobs = [await lab.submit({ on: ['h1'] }), await lab.submit({ on: ['h2'] }), await lab.submit({ on: ['h3'] })];
  const carriers = await Promise.all(jobs.map(async (id) => (await lab.entry(id)).dispatcherId));
  expect(new Set(carriers)).toEqual(new Set(['d1', 'd2', 'd3']));
  const dead = jobs[carriers.indexOf('d3')] ?? 0;
  expect(await lab.runs()).toHaveLength(2);
  await lab.crash('d3');
  await lab.advance(30_000);
  expect((await lab.entry(dead)).dispatcherId).toBe('d2');
  expect(await lab.runs()).toHaveLength(3);
});

test('a dead dispatcher of another machine keeps its executions until they count as lost, and its other entries move on', async () => {
  const lab = await openLab({ hosts: ['h1', 'h2'], machine: 'm1' });
  await lab.start({ id: 'd2', machine: 'm2', pools: ['a'] });
  await lab.advance(4000);
  const running = await lab.submit({ on: ['h1'], runVerify: false, infraRetries: 0, pool: 'a' });
  const preparing = await lab.submit({ on: ['h2'], pool: 'a' });
  await lab.crash('d2');
  await lab.advance(30_000);
  expect([await lab.state(running), await lab.held()]).toEqual(['running h1', ['h1', 'h2']]);
  expect(await lab.state(preparing)).toBe('queued h2');
  await lab.advance(61 * minute);
  expect(await lab.state(running)).toBe('finished h1 error');
  expect((await lab.entry(running)).cause?.code).toBe('AT_DISPATCHER_LOST');
});

test('a task that a dead dispatcher of another machine had not begun is begun by somebody else', async () => {
  const lab = await openLab({ hosts: ['h1'], machine: 'm1', limits: { maxExecutions: 1 } });
  await lab.start({ id: 'd2', machine: 'm2', limits: { maxExecutions: 0 } });
  await lab.advance(4000);
  const blocker = await lab.submit();
  expect((await lab.entry(blocker)).dispatcherId).toBe('d1');
  await lab.request('verify', 'h1');
  expect([await lab.hosts(), await lab.runs()]).toEqual([{ h1: 'verifying' }, [`job ${blocker}`]]);
  await lab.crash('d2');
  await lab.pass(`job ${blocker}`);
  await lab.advance(30_000);
  expect(await lab.runs()).toEqual(['verify h1']);
});
