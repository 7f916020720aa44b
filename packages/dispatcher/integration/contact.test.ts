import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionSpec } from '@autotest/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Lab } from './lab.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

test('autoserv is told that it is not alone, by each dispatcher in turn', async () => {
  const first = await lab.startDispatcher({ lostMs: 6000 });
  await lab.addHost('h1');
  const { job } = await lab.submit({ fake: 'forever', anyHosts: 1, runVerify: false });
  const execution = await lab.until('the execution', async () => (await lab.database.jobs.executions(job.id))[0]);
  const pings = join(execution.resultsDir, 'pings.log');
  await lab.until('a sign', async () => existsSync(pings) || undefined);
  const spec = JSON.parse(readFileSync(join(execution.resultsDir, 'execution.json'), 'utf8')) as ExecutionSpec;
  // On SQLite everything is on one machine: nobody else could give its hosts away.
  expect(spec.limits.orphanMs).toBeUndefined();
  await first.stop();
  rmSync(pings);
  await lab.startDispatcher({ lostMs: 6000 });
  await lab.until('a sign of the next one', async () => existsSync(pings) || undefined);
});
