import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Lab } from './lab.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

test('a job is verified for, run, taken into the rows and finished, and its host is free again', async () => {
  const host = await lab.addHost('h1');
  await lab.startDispatcher();
  const { job } = await lab.submit({ hostIds: [host.id] });
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({ outcome: 'passed', hostId: host.id });
  expect(await lab.database.jobs.byId(job.id)).toMatchObject({ state: 'finished', outcome: 'passed' });
  const [execution] = await lab.database.jobs.executions(job.id);
  expect(execution).toMatchObject({ state: 'ingested', exitClass: 'clean', tag: `${job.id}-tester/h1`, epoch: 1 });
  expect(existsSync(join(execution?.resultsDir ?? '', 'execution.json'))).toBe(true);
  const nodes = await lab.database.results.nodes({ jobId: job.id });
  expect(nodes.filter(({ path }) => path === 'one')).toMatchObject([{ outcome: 'pass' }]);
  const tasks = await lab.database.jobs.tasksOf({ hostId: host.id, first: 10 });
  expect(tasks.map(({ kind, outcome }) => [kind, outcome])).toEqual([['verify', 'passed']]);
  expect(await lab.untilHost('h1', 'ready')).toMatchObject({ dirty: true });
  expect(await lab.heldLeases()).toEqual([]);
  // The next one is expected to take as long.
  expect(await lab.database.scheduling.durations(0)).toEqual([
    expect.objectContaining({ name: job.name, runs: 1, varianceMs2: 0 }),
  ]);
});

test('a test failure, a job without hosts and a job for any host each end as they should', async () => {
  await lab.addHost('h1');
  await lab.startDispatcher();
  const failing = await lab.submit({ anyHosts: 1, fake: 'fail' });
  const hostless = await lab.submit({ type: 'server' });
  const [failed] = await lab.untilAll(failing.job.id, 'finished');
  const [passed] = await lab.untilAll(hostless.job.id, 'finished');
  expect(failed).toMatchObject({ outcome: 'failed', cause: { message: 'it was to fail' } });
  expect(passed).toMatchObject({ outcome: 'passed', hostless: true });
});
