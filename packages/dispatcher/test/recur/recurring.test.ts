import { createLog } from '@autotest/core';
import type { Database, NewRecurring } from '@autotest/core/db';
import { makeTestDatabase, ManualClock, newJob } from '@autotest/core/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startRecurring, type Recurring } from '../../src/recur/recurring.ts';

const hour = 3_600_000;
const start = Date.UTC(2030, 0, 1);

let clock: ManualClock;
let database: Database;
let logLines: string[];
const running: Recurring[] = [];

beforeEach(async () => {
  clock = new ManualClock(start);
  database = await makeTestDatabase({ clock });
  logLines = [];
  await database.users.add({ login: 'ada', role: 'user' });
  await database.bundles.put({ hash: 'h', fileName: 'c.ts', source: '', json: '{}', sizeBytes: 0 });
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  expect(clock.pendingTimers).toBe(0);
  await database.close();
});

function run(): Recurring {
  const one = startRecurring({ database, clock, log: createLog({ write: (line) => logLines.push(line) }) });
  running.push(one);
  return one;
}

function add(more: Partial<NewRecurring> = {}) {
  const { owner, bundleHash, hostIds: _none, ...wishes } = newJob({ bundleHash: 'h', anyHosts: 1 });
  return database.recurring.add({
    name: 'nightly',
    owner,
    bundleHash,
    job: { ...wishes, hosts: [] },
    schedule: { everyMs: hour },
    missed: 'once',
    ...more,
  });
}

async function jobCount(): Promise<number> {
  return (await database.jobs.list({ first: 100 })).length;
}

/** Moves the hands, and waits until it sleeps again. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await settled();
}

/** Timers: one that sleeps, for each that runs; none while it works. */
async function settled(): Promise<void> {
  await vi.waitFor(() => expect(clock.pendingTimers).toBeGreaterThanOrEqual(running.length));
  await new Promise((resolve) => setTimeout(resolve, 30));
}

describe('recurring jobs', () => {
  it('are submitted when their time comes, and not before', async () => {
    await add();
    run();
    await settled();
    await pass(hour - 1);
    expect(await jobCount()).toBe(0);
    await pass(1);
    await vi.waitFor(async () => expect(await jobCount()).toBe(1));
    await pass(hour);
    await vi.waitFor(async () => expect(await jobCount()).toBe(2));
    expect(logLines.join('\n')).toContain('a recurring job was submitted');
  });

  it('that are added while it sleeps are noticed', async () => {
    run();
    await settled();
    await add({ schedule: { everyMs: 5000 } });
    await vi.waitFor(() => expect(clock.pendingTimers).toBe(2));
    await pass(1000);
    await pass(4000);
    await vi.waitFor(async () => expect(await jobCount()).toBe(1));
  });

  it('are submitted once although two processes wait for them', async () => {
    await add();
    run();
    run();
    await settled();
    for (let round = 1; round <= 3; round++) {
      await pass(hour);
      await vi.waitFor(async () => expect(await jobCount()).toBe(round));
    }
  });

  it('that were due while nobody was there follow their policy for missed runs', async () => {
    await add({ name: 'skip', missed: 'skip' });
    await add({ name: 'once', missed: 'once' });
    await add({ name: 'all', missed: 'all' });
    clock.advance(3.5 * hour);
    run();
    await vi.waitFor(async () => expect(await jobCount()).toBe(4));
    await settled();
    expect(await jobCount()).toBe(4);
    expect(logLines.join('\n')).toContain('3 runs were due; 0 submitted, the others left out (missed runs: skip)');
  });

  it('are not submitted again for a time that a clock set back brings once more', async () => {
    const { id } = await add({ schedule: { cron: '0 * * * *' } });
    const recurring = run();
    await settled();
    await pass(hour);
    await vi.waitFor(async () => expect(await jobCount()).toBe(1));
    clock.advance(-hour);
    await database.recurring.update(id, { enabled: false }, 'ada');
    expect(await database.recurring.update(id, { enabled: true }, 'ada')).toMatchObject({ nextAt: start + hour });
    clock.advance(hour);
    recurring.wake();
    await vi.waitFor(async () => expect(await database.recurring.nextAt()).toBe(start + 2 * hour));
    expect(await jobCount()).toBe(1);
  });

  it('that cannot be submitted are logged and tried again, and the others go on', async () => {
    await add({ name: 'bad', owner: 'nobody' });
    await add({ name: 'good' });
    run();
    await settled();
    await pass(hour);
    await vi.waitFor(async () => expect(await jobCount()).toBe(1));
    await vi.waitFor(() =>
      expect(logLines.join('\n')).toMatch(/a recurring job could not be submitted.*nobody does not exist any more/),
    );
    await database.users.add({ login: 'nobody', role: 'user' });
    await settled();
    await pass(hour);
    await vi.waitFor(async () => expect(await jobCount()).toBe(3));
  });
});
