import { randomInt } from 'node:crypto';
import type { JobRow } from '@autotest/core/db';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive, killAndWait, killExecution, Lab } from './lab.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

test('a job goes on while its dispatcher is killed, and the next one takes it up', async () => {
  const host = await lab.addHost('h1');
  const first = lab.startProcess();
  const gate = lab.gate();
  const { job } = await lab.submit({ hostIds: [host.id], gate: gate.path });
  await lab.untilAll(job.id, 'running');
  await killAndWait(first);
  const [before] = await lab.database.jobs.executions(job.id);
  expect(isAlive(before)).toBe(true);
  lab.startProcess();
  gate.open();
  expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
  const [execution] = await lab.database.jobs.executions(job.id);
  expect(lab.starts(execution)).toEqual(['job']);
  await lab.expectWhole(execution);
});

test('a job that ends while no dispatcher runs is finished by the next one', async () => {
  const host = await lab.addHost('h1');
  const first = lab.startProcess();
  const gate = lab.gate();
  const { job } = await lab.submit({ hostIds: [host.id], gate: gate.path });
  await lab.untilAll(job.id, 'running');
  await killAndWait(first);
  const [running] = await lab.database.jobs.executions(job.id);
  gate.open();
  await lab.until('the end of autoserv', async () => !isAlive(running));
  expect((await lab.entries(job.id))[0]?.state).toBe('running');
  lab.startProcess();
  expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
  const [execution] = await lab.database.jobs.executions(job.id);
  await lab.expectWhole(execution);
  await lab.untilHost('h1', 'ready');
});

test('an autoserv that is killed while no dispatcher runs is noticed by the next one', async () => {
  const host = await lab.addHost('h1');
  const first = lab.startProcess();
  const { job } = await lab.submit({ hostIds: [host.id], fake: 'forever' });
  await lab.untilAll(job.id, 'running');
  await killAndWait(first);
  const [running] = await lab.database.jobs.executions(job.id);
  killExecution(running);
  lab.startProcess();
  const [entry] = await lab.untilAll(job.id, 'finished');
  expect(entry).toMatchObject({ outcome: 'error', cause: { code: 'AT_AUTOSERV_LOST' } });
  await lab.untilHost('h1', 'ready');
});

test('a dispatcher that stops in order leaves running jobs to the next one', async () => {
  const host = await lab.addHost('h1');
  const first = await lab.startDispatcher();
  const gate = lab.gate();
  const { job } = await lab.submit({ hostIds: [host.id], gate: gate.path });
  await lab.untilAll(job.id, 'running');
  await first.stop();
  gate.open();
  await lab.startDispatcher();
  expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
  const [execution] = await lab.database.jobs.executions(job.id);
  expect(lab.starts(execution)).toEqual(['job']);
});

test('a dispatcher that stops with abortRunning leaves nothing running', async () => {
  const host = await lab.addHost('h1');
  const dispatcher = await lab.startDispatcher();
  const { job } = await lab.submit({ hostIds: [host.id], fake: 'forever' });
  await lab.untilAll(job.id, 'running');
  await dispatcher.stop({ abortRunning: true });
  expect(await lab.entries(job.id)).toMatchObject([{ state: 'finished', outcome: 'aborted' }]);
  expect((await lab.database.scheduling.load()).executions).toEqual([]);
});

test('the program ends at SIGTERM, and what runs goes on', async () => {
  const host = await lab.addHost('h1');
  const program = lab.startProcess();
  const { job } = await lab.submit({ hostIds: [host.id], fake: 'forever' });
  await lab.untilAll(job.id, 'running');
  await killAndWait(program, 'SIGTERM');
  expect(program.exitCode).toBe(0);
  const [execution] = await lab.database.jobs.executions(job.id);
  expect(isAlive(execution)).toBe(true);
});

test('a dispatcher id is used once at a time on a machine', async () => {
  await lab.startDispatcher({}, 'd1');
  await expect(lab.startDispatcher({}, 'd1')).rejects.toMatchObject({ code: 'AT_DISPATCHER_RUNNING' });
});

test('a job is started once, whenever its dispatchers are killed, and each record counts once', async () => {
  const jobCount = 12;
  for (const name of ['h1', 'h2', 'h3', 'h4']) await lab.addHost(name);
  const submitted: JobRow[] = [];
  for (let n = 0; n < jobCount; n++) submitted.push((await lab.submit({ anyHosts: 1 })).job);
  const areFinished = async () => {
    const jobs = await Promise.all(submitted.map(({ id }) => lab.database.jobs.byId(id)));
    return jobs.every((job) => job?.state === 'finished');
  };
  let kills = 0;
  await lab.until('the end of all jobs', async () => {
    if (await areFinished()) return true;
    const linesBefore = lab.log.length;
    const dispatcher = lab.startProcess();
    await lab.until('its start', async () =>
      lab.log.slice(linesBefore).some((line) => line.includes('dispatcher started')),
    );
    // A moment of any length: what counts is that it is in the middle of something.
    await new Promise((resolve) => setTimeout(resolve, randomInt(300)));
    await killAndWait(dispatcher);
    kills += 1;
    return false;
  });
  expect(kills).toBeGreaterThan(1);
  for (const job of submitted) {
    const [execution, ...others] = await lab.database.jobs.executions(job.id);
    expect(others).toEqual([]);
    expect(lab.starts(execution)).toEqual(['job']);
    expect(await lab.entries(job.id)).toMatchObject([{ outcome: 'passed' }]);
    await lab.expectWhole(execution);
  }
});

test('a dispatcher goes on with what a dead one of its machine held', async () => {
  const host = await lab.addHost('h1');
  const first = lab.startProcess('--id', 'd1');
  const gate = lab.gate();
  const { job } = await lab.submit({ hostIds: [host.id], gate: gate.path });
  await lab.untilAll(job.id, 'running');
  await killAndWait(first);
  await lab.startDispatcher({ heartbeatMs: 200 }, 'd2');
  gate.open();
  expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
  await lab.untilHost('h1', 'ready');
});
