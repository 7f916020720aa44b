import type { Database } from '@autotest/core/db';
import { SimulatedDatabase } from '@autotest/core/testing';
import { chaosScenario, contestScenario, planLab, simulate } from '@autotest/dispatcher/simulate';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

vi.setConfig({ testTimeout: 120_000 });

let database: SimulatedDatabase;
beforeAll(async () => {
  database = await SimulatedDatabase.open();
});
beforeEach(() => database.clear());
afterAll(() => database.close());

describe('A simulated lab', () => {
  it('runs the same way each time for the same seed, and another way for another one', async () => {
    const digests: string[] = [];
    for (const seed of [7, 7, 8]) {
      await database.clear();
      digests.push((await simulate({ database, seed, scenario: chaosScenario(seed) })).digest);
    }
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  // Each of these found a fault of the dispatcher.
  it.each([2, 3, 4, 12, 43, 110, 205, 277, 288, 345])('finishes everything with seed %i', async (seed) => {
    const { violation, steps } = await simulate({ database, seed, scenario: chaosScenario(seed) });
    expect(violation?.message).toBeUndefined();
    expect(steps).toBeGreaterThanOrEqual(200);
  });

  it('finds out when late writes of dispatchers that were declared dead are accepted', async () => {
    const found = await firstViolation((real) => ({
      ...real,
      // As if the epoch were not checked.
      scheduling: { ...real.scheduling, commit: (changes) => real.scheduling.commit(changes) },
    }));
    expect(found).toMatch('only members write');
  });

  it('finds out when accounts do not get their shares', async () => {
    const found: string[] = [];
    for (let seed = 1; seed <= 10; seed++) {
      await database.clear();
      const options = { database, seed, scenario: contestScenario(seed) };
      expect((await simulate(options)).violation?.message).toBeUndefined();
      await database.clear();
      // As if every account had the same weight.
      const mutate = (real: Database): Database => ({
        ...real,
        scheduling: {
          ...real.scheduling,
          rules: async () => {
            const known = await real.scheduling.rules();
            return { ...known, accounts: known.accounts.map((account) => ({ ...account, weight: 1 })) };
          },
        },
      });
      found.push((await simulate({ ...options, mutate })).violation?.message ?? '');
    }
    expect(found.join('\n')).toMatch('fair share');
  });

  it('finds out when two entries get the same host', async () => {
    const found = await firstViolation((real) => ({
      ...real,
      scheduling: {
        ...real.scheduling,
        // As if versions and leases were not compared: each change is told the rows that are there.
        commit: async (changes, fence) => {
          for (const change of changes) await takeAsKnown(real, change);
          return real.scheduling.commit(changes, fence);
        },
      },
    }));
    expect(found).toMatch(
      /one holder a host|one user a host|every lease ends|terminal states are final|events match rows/,
    );
  });
});

describe('The plan of a lab', () => {
  it('names the label of which there are too few hosts', async () => {
    const report = await planLab({
      seed: 1,
      hosts: [
        { labels: ['common'], count: 10 },
        { labels: ['rare'], count: 1 },
      ],
      jobs: 60,
      needs: ['common', 'rare'],
      dispatchers: 1,
      arrivalMs: 20_000,
      jobMs: 120_000,
      failureRate: 0,
    });
    expect(report.outcomes).toEqual({ passed: 60 });
    expect(report.bottlenecks[0]?.needs).toBe('rare');
    expect(report.waits[0]?.entries).toBe(60);
    expect(report.utilisation.find(({ label }) => label === 'rare')?.busy).toBeGreaterThan(0.8);
  });
});

type Commit = Database['scheduling']['commit'];

/** Gives a change the versions and leases that rows have now. */
async function takeAsKnown(real: Database, change: Parameters<Commit>[0][number]): Promise<void> {
  const rows = await real.scheduling.reload({
    entries: [...change.entries.keys()],
    hosts: [...change.hosts.keys(), ...change.leases.keys()],
  });
  for (const row of [...rows.entries, ...rows.hosts]) {
    const touched = [change.entries, change.hosts]
      .map((map) => map.get(row.id))
      .find((one) => one && 'index' in one.before === 'index' in row);
    if (touched) Object.assign(touched, { before: row });
  }
  for (const touched of change.leases.values()) {
    const before = rows.leases.find(({ hostId }) => hostId === touched.after.hostId);
    Object.assign(touched, { before });
  }
}

/** Runs seeds on a dispatcher that writes in a broken way; gives the first thing that the simulation finds. */
async function firstViolation(mutate: (real: Database) => Database): Promise<string | undefined> {
  for (let seed = 1; seed <= 40; seed++) {
    await database.clear();
    const { violation } = await simulate({ database, seed, scenario: chaosScenario(seed), mutate });
    if (violation) return violation.message;
  }
  return undefined;
}
