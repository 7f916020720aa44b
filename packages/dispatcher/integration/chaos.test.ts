import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { missingService, startMariaDb, type TestMariaDb } from '@autotest/core/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { killAndWait, Lab } from './lab.ts';

const missing = missingService('mariadbd');
/** How long dispatchers are killed and paused under load. */
const loadMs = Number(process.env.AUTOTEST_CHAOS_MS ?? 120_000);
const deadMs = 2500;
const limits = { heartbeatMs: 300, deadMs, pollMs: 1000, maxExecutions: 6, verifyMs: 60_000 };

/** What happened to a dispatcher. */
interface Victim {
  readonly id: string;
  process: ChildProcess;
}

describe.skipIf(missing !== undefined)(`on MariaDB${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let server: TestMariaDb;
  let lab: Lab;
  beforeAll(async () => {
    server = await startMariaDb();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    lab = await Lab.open(server.newUrl());
  });
  afterEach(() => lab.close());

  test.each([2, 4])(
    '%i dispatchers that are killed and paused at random lose nothing and do nothing twice',
    { timeout: loadMs + 240_000 },
    async (count) => {
      const ledger = join(lab.dataDir, 'ledger');
      mkdirSync(ledger);
      for (let n = 1; n <= 8; n++) await lab.addHost(`h${n}`, { ledger });
      const victims = Array.from({ length: count }, (_, n): Victim => start(`d${n + 1}`));
      const end = Date.now() + loadMs;
      const jobIds: number[] = [];
      const submit = async (): Promise<void> => {
        while (Date.now() < end) {
          const runVerify = Math.random() < 0.3;
          const pair = Math.random() < 0.15;
          const { job } = await lab.submit(
            pair ? { type: 'server', syncCount: 2, anyHosts: 2, runVerify } : { anyHosts: 1, runVerify },
          );
          jobIds.push(job.id);
          await delay(120 + Math.random() * 200);
        }
      };
      const tally = { kills: 0, pauses: 0 };
      await Promise.all([submit(), ...victims.map((victim) => torment(victim, end, tally))]);
      expect(tally.kills).toBeGreaterThan(2);
      expect(tally.pauses).toBeGreaterThan(2);
      await finished(jobIds);
      await expectEverythingOnce(jobIds);
      expect(existsSync(join(ledger, 'violations')) ? readFileSync(join(ledger, 'violations'), 'utf8') : '').toBe('');
      // Some were paused for longer than a dispatcher may be silent: they found themselves fenced, and came back.
      expect(lab.log.some((line) => line.includes('was declared dead and joins again'))).toBe(true);
      await expectNoStaleWrite();
      await lab.until('free hosts', async () =>
        (await lab.database.hosts.all()).every(({ state }) => state === 'ready'),
      );
      expect(await lab.heldLeases()).toEqual([]);
    },
  );

  function start(id: string): Victim {
    return { id, process: lab.startWithLimits(id, limits) };
  }

  async function torment(victim: Victim, end: number, tally: { kills: number; pauses: number }): Promise<void> {
    while (Date.now() < end) {
      await delay(500 + Math.random() * 4000);
      if (Math.random() < 0.5) {
        tally.kills++;
        await killAndWait(victim.process);
        await delay(Math.random() * 1500);
        victim.process = lab.startWithLimits(victim.id, limits);
      } else {
        tally.pauses++;
        victim.process.kill('SIGSTOP');
        await delay(Math.random() * 2 * deadMs);
        victim.process.kill('SIGCONT');
      }
    }
  }

  async function finished(jobIds: readonly number[]): Promise<void> {
    await lab.until(
      'the end of all jobs',
      async () => {
        const jobs = await lab.database.lookup.jobs(jobIds);
        return [...jobs.values()].every(({ state }) => state === 'finished');
      },
      180_000,
    );
  }

  async function expectEverythingOnce(jobIds: readonly number[]): Promise<void> {
    for (const jobId of jobIds) {
      const entries = await lab.entries(jobId);
      expect(entries.map(({ outcome }) => outcome)).toEqual(entries.map(() => 'passed'));
      const executions = await lab.database.jobs.executions(jobId);
      expect(executions.map(({ purpose, attempt }) => [purpose, attempt])).toEqual([['job', 1]]);
      for (const execution of executions) {
        expect(lab.starts(execution)).toEqual(['job']);
        await lab.expectWhole(execution);
      }
    }
  }

  /** Every change tells under which epoch its dispatcher wrote it; none may come after that epoch was over. */
  async function expectNoStaleWrite(): Promise<void> {
    const epochs = new Map<string, number>();
    let fenced = 0;
    let written = 0;
    for (let cursor = 0; ;) {
      const events = await lab.database.events.since(cursor, { first: 5000 });
      const last = events.at(-1);
      if (!last) break;
      cursor = last.id;
      for (const { kind, data } of events) {
        if (
          kind === 'dispatcher.changed' &&
          typeof data.id === 'string' &&
          typeof data.epoch === 'number' &&
          data.role === undefined &&
          data.resigned === undefined
        ) {
          epochs.set(data.id, data.epoch);
          if (data.dead === true) fenced++;
        }
        if (typeof data.writer !== 'string') continue;
        const [id = '', epoch] = data.writer.split('@');
        written++;
        expect(Number(epoch), `${kind} by ${data.writer}`).toBe(epochs.get(id));
      }
    }
    expect(written).toBeGreaterThan(100);
    expect(fenced).toBeGreaterThan(0);
  }
});
