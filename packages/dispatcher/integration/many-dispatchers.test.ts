import type { ExecutionRow } from '@autotest/core/db';
import { missingService, startMariaDb, type TestMariaDb } from '@autotest/core/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { killAndWait, Lab } from './lab.ts';

const missing = missingService('mariadbd');

describe('on SQLite', () => describeManyDispatchers(() => undefined));

describe.skipIf(missing !== undefined)(`on MariaDB${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let server: TestMariaDb;
  beforeAll(async () => {
    server = await startMariaDb();
  });
  afterAll(() => server.stop());
  describeManyDispatchers(() => server.newUrl());
});

function describeManyDispatchers(newUrl: () => string | undefined): void {
  let lab: Lab;
  beforeEach(async () => {
    lab = await Lab.open(newUrl());
  });
  afterEach(() => lab.close());

  test('two dispatchers share the work and do nothing twice', async () => {
    for (const name of ['h1', 'h2', 'h3', 'h4']) await lab.addHost(name);
    lab.startProcess('--id', 'd1');
    lab.startProcess('--id', 'd2');
    const jobs = await Promise.all(Array.from({ length: 16 }, async () => (await lab.submit({ anyHosts: 1 })).job));
    const executions: ExecutionRow[] = [];
    for (const job of jobs) {
      expect(await lab.untilAll(job.id, 'finished')).toMatchObject([{ outcome: 'passed' }]);
      executions.push(...(await lab.database.jobs.executions(job.id)));
    }
    expect(executions).toHaveLength(jobs.length);
    for (const execution of executions) {
      expect(lab.starts(execution)).toEqual(['job']);
      await lab.expectWhole(execution);
    }
    await lab.until('free hosts', async () => (await lab.database.hosts.all()).every(({ state }) => state === 'ready'));
    expect(await lab.heldLeases()).toEqual([]);
  });

  test('one that is killed again and again does not harm the other', async () => {
    for (const name of ['h1', 'h2', 'h3']) await lab.addHost(name);
    lab.startProcess('--id', 'd1');
    const jobs = await Promise.all(Array.from({ length: 12 }, async () => (await lab.submit({ anyHosts: 1 })).job));
    const areFinished = async () => {
      const found = await Promise.all(jobs.map(({ id }) => lab.database.jobs.byId(id)));
      return found.every((job) => job?.state === 'finished');
    };
    await lab.until('the end of all jobs', async () => {
      const linesBefore = lab.log.length;
      const restless = lab.startProcess('--id', 'd2');
      await lab.until('its start', async () =>
        lab.log.slice(linesBefore).some((line) => line.includes('dispatcher=d2')),
      );
      const done = await areFinished();
      if (!done) await killAndWait(restless);
      return done;
    });
    for (const job of jobs) {
      const [execution, ...others] = await lab.database.jobs.executions(job.id);
      expect(others).toEqual([]);
      expect(lab.starts(execution)).toEqual(['job']);
      await lab.expectWhole(execution);
    }
  });
}
