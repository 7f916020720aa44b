import type { Log } from '@autotest/core';
import { SimulatedDatabase } from '@autotest/core/testing';
import { chaosScenario } from './chaos.ts';
import { contestScenario } from './contest.ts';
import type { Scenario } from './scenario.ts';
import { simulate, type SimulationResult } from './simulation.ts';

export interface CheckedSeed extends SimulationResult {
  readonly seed: number;
}

const contestEvery = 8;

/** Most seeds are labs in which everything goes wrong; each eighth is one in which accounts compete for hosts. */
function scenarioOf(seed: number): Scenario {
  return seed % contestEvery === 0 ? contestScenario(seed) : chaosScenario(seed);
}

/** Runs a small lab once for each seed from `first` on; the same seed gives the same run. @param options told of each trouble and each line of a log */
export async function* checkSeeds(
  first: number,
  count: number,
  options: { readonly onTrouble?: (what: string, atMs: number) => void; readonly log?: Log } = {},
): AsyncGenerator<CheckedSeed> {
  const database = await SimulatedDatabase.open();
  try {
    for (let seed = first; seed < first + count; seed++) {
      await database.clear();
      yield { seed, ...(await simulate({ database, seed, scenario: scenarioOf(seed), ...options })) };
    }
  } finally {
    await database.close();
  }
}
