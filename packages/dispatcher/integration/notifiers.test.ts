import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '@autotest/core/db';
import { missingService, startMariaDb, type TestMariaDb } from '@autotest/core/testing';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Lab } from '../test/notify/lab.ts';
import { startReceiver } from '../test/notify/receiver.ts';
import { killAndWait } from './lab.ts';

const program = fileURLToPath(new URL('fixtures/notifier.ts', import.meta.url));
const missing = missingService('mariadbd');

describe('on SQLite', () =>
  describeNotifiers(() => {
    const directory = mkdtempSync(join(tmpdir(), 'notifiers-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    return `sqlite:${join(directory, 'autotest.db')}`;
  }));

describe.skipIf(missing !== undefined)(`on MariaDB${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let server: TestMariaDb;
  beforeAll(async () => {
    server = await startMariaDb();
  });
  afterAll(() => server.stop());
  describeNotifiers(() => server.newUrl());
});

function describeNotifiers(newUrl: () => string): void {
  async function openLab(): Promise<{ lab: Lab; startProcess: () => ChildProcess }> {
    const url = newUrl();
    const database = await openDatabase(url, { migrate: true });
    onTestFinished(() => database.close());
    const lab = new Lab(database);
    const startProcess = (): ChildProcess => {
      const limits = JSON.stringify({ firstRetryMs: 20, maxRetryMs: 40, pollMs: 200, sendTimeoutMs: 5000 });
      const child = spawn(process.execPath, ['--conditions=@autotest/source', program, url, limits], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => lab.log.push(...text.split('\n').filter(Boolean)));
      onTestFinished(() => killAndWait(child));
      return child;
    };
    return { lab, startProcess };
  }

  test('a notifier that is killed after it sent, before it could write that down, sends again under the same name', async () => {
    const { lab, startProcess } = await openLab();
    let isDeaf = true;
    const receiver = await startReceiver((_, response) => {
      if (!isDeaf) response.end();
    });
    await lab.webhook(receiver.url);
    const first = startProcess();
    await lab.runJob();
    await lab.until('the request', () => receiver.requests.length === 1);
    await killAndWait(first);
    const [claimed] = await lab.untilDeliveries(1, 'sending');
    expect(claimed).toMatchObject({ attempts: 1 });
    isDeaf = false;
    // Its claim runs out: as if that time had passed.
    const now = (claimed?.nextAt ?? 0) + 1;
    const [again] = await lab.database.notifications.claim([claimed?.id ?? 0], { now, untilMs: Date.now() });
    expect(again?.delivery.attempts).toBe(2);
    startProcess();
    expect(await lab.untilDeliveries(1)).toMatchObject([{ attempts: 3 }]);
    const names = receiver.requests.map(({ headers }) => headers['webhook-id']);
    expect(names).toEqual([`dlv_${claimed?.id}`, `dlv_${claimed?.id}`]);
  });

  test('several notifiers, one of them killed again and again, tell of every job, each under one name', async () => {
    const { lab, startProcess } = await openLab();
    const receiver = await startReceiver();
    await lab.webhook(receiver.url);
    startProcess();
    startProcess();
    const jobs = 30;
    const starts = () => lab.log.filter((line) => line.includes('notifier started')).length;
    await lab.until('their start', () => starts() === 2);
    for (let n = 0; n < jobs; n++) {
      const isKilled = n % 10 === 0;
      const restless = isKilled ? startProcess() : undefined;
      if (isKilled) await lab.until('its start', () => starts() === 3 + n / 10);
      await lab.runJob({ name: `job ${n}` });
      if (restless) await killAndWait(restless);
    }
    const names = await lab.until('all names', () => {
      const found = new Set(receiver.requests.map(({ headers }) => headers['webhook-id']));
      return found.size === jobs && found;
    });
    const rows = await lab.database.notifications.deliveries({ first: 1000 });
    expect(rows).toHaveLength(jobs);
    expect(new Set(rows.map(({ id }) => `dlv_${id}`))).toEqual(names);
    expect(new Set(rows.map(({ jobId }) => jobId)).size).toBe(jobs);
  });
}
