import { setTimeout as delay } from 'node:timers/promises';
import { missingService, startMariaDb, type TestMariaDb } from '@autotest/core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Lab } from './lab.ts';

const missing = missingService('mariadbd');
const awayMs = 30_000;

describe.skipIf(missing !== undefined)(`on MariaDB${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let server: TestMariaDb;
  let lab: Lab;
  beforeEach(async () => {
    // Durable: what was committed before the crash has to be there after it.
    server = await startMariaDb({ durable: true });
    lab = await Lab.open(server.newUrl());
  });
  afterEach(async () => {
    await lab.close();
    await server.stop();
  });

  test('a database that is away for 30 s is said to be, and nothing is lost by it', { timeout: 180_000 }, async () => {
    const [first, second] = [await lab.addHost('h1'), await lab.addHost('h2')];
    lab.startProcess('--metrics-port', '0');
    const url = await lab.until('the address of the metrics', async () =>
      lab.log.map((line) => /metrics and health are served url=(\S+)/.exec(line)?.[1]).find(Boolean),
    );
    const ask = async (path: string) => {
      const response = await fetch(url + path);
      return { status: response.status, text: await response.text() };
    };
    await lab.until('readiness', async () => (await ask('/readyz')).status === 200);
    const gate = lab.gate();
    const ended = await lab.submit({ hostIds: [first.id], gate: gate.path });
    const goesOn = await lab.submit({ hostIds: [second.id], gate: lab.gate().path, fake: 'pass' });
    const waiting = await lab.submit({ hostIds: [first.id] });
    for (const { job } of [ended, goesOn]) await lab.untilAll(job.id, 'running');

    await server.crash();
    const awayAt = Date.now();
    // One autoserv has its end while nobody can write it down.
    gate.open();
    const told = await lab.until('health that says so', async () => {
      const ready = await ask('/readyz');
      return ready.status === 503 && ready.text;
    });
    expect(told).toContain('dispatcher: database');
    await delay(awayMs - (Date.now() - awayAt));
    // Alive all the time: whoever restarts what is not well would only make it worse.
    expect((await ask('/healthz')).status).toBe(200);
    await server.restart();

    for (const { job } of [ended, waiting])
      expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
    await lab.until('readiness', async () => (await ask('/readyz')).status === 200);
    const later = await lab.submit({ anyHosts: 1 });
    expect(await lab.untilAll(later.job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
    for (const { job } of [ended, waiting, later]) {
      const executions = await lab.database.jobs.executions(job.id);
      expect(executions.map(({ purpose, attempt }) => [purpose, attempt])).toEqual([['job', 1]]);
      expect(lab.starts(executions[0])).toEqual(['job']);
      await lab.expectWhole(executions[0]);
    }
    expect((await lab.entries(goesOn.job.id))[0]?.state).toBe('running');
    // Errors that tell of the database are what is wanted here; of anything else they are not.
    const errors = lab.log.filter((line) => line.includes(' ERROR '));
    lab.log.length = 0;
    lab.log.push(...errors.filter((line) => !/connect|connection|ECONN|closed/i.test(line)));
  });
});
