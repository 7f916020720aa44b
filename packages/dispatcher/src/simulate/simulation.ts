import { silentLog, type Log } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import { Random, settle, SimulatedClock, type SimulatedDatabase } from '@autotest/core/testing';
import { Autoservs } from './autoservs.ts';
import { Dispatchers } from './dispatchers.ts';
import { RealHosts } from './hosts.ts';
import { Checker } from './invariants/checker.ts';
import { People } from './people.ts';
import type { Scenario } from './scenario.ts';
import { Troubles } from './troubles.ts';
import { Violation } from './violation.ts';

export interface SimulationResult {
  /** Events of the simulated world that happened. */
  readonly steps: number;
  /** Simulated time, ms. */
  readonly tookMs: number;
  /** The same for two runs that were alike. */
  readonly digest: string;
  readonly violation: Violation | undefined;
}

export interface SimulationOptions {
  /** An empty database; it is not emptied afterwards. */
  readonly database: SimulatedDatabase;
  readonly seed: number | string;
  readonly scenario: Scenario;
  /** @default silentLog */
  readonly log?: Log;
  /** Breaks the database of dispatchers, to see that the simulation finds it out. */
  readonly mutate?: (real: Database) => Database;
  /** Told of each trouble. */
  readonly onTrouble?: (what: string, atMs: number) => void;
}

/** Simulated time that everything may take once nothing goes wrong any more, ms. */
const mendedForMs = 20 * 60_000;
/** Steps at one moment after which something turns in a circle. */
const maxStepsAtOnce = 20_000;

/** Runs a lab from its first job to its last, checks it after each step, and ends at the first thing that must not be. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { database, seed, scenario, log = silentLog } = options;
  const clock = new SimulatedClock();
  const random = new Random(seed);
  const hosts = new RealHosts(scenario.rates);
  const autoservs = new Autoservs(clock, random.split('autoservs'), hosts, scenario);
  const frontend = database.connect(clock);
  const people = new People(frontend.database, random.split('people'), hosts, scenario.workload, clock);
  const accounts = new Map(scenario.workload.owners.map(({ login, ...account }) => [login, account]));
  const checker = new Checker(database, { accounts, isOpen: !scenario.workload.isVaried });
  let failure: unknown;
  const onError = (error: unknown): void => {
    failure ??= error;
  };
  const dispatchers = new Dispatchers({
    clock,
    database,
    random: random.split('dispatchers'),
    autoservs,
    scenario,
    log,
    onError,
    mutate: options.mutate,
  });
  const troubles = new Troubles({
    clock,
    random: random.split('troubles'),
    scenario,
    hosts,
    autoservs,
    dispatchers,
    people,
    onTrouble: (what) => options.onTrouble?.(what, clock.monotonicMs()),
    onError,
  });
  let steps = 0;
  const result = (violation: Violation | undefined): SimulationResult => ({
    steps,
    tookMs: clock.monotonicMs(),
    digest: checker.digest(),
    violation,
  });
  try {
    await people.setUp(scenario);
    await checker.begin();
    for (const one of scenario.dispatchers) clock.setTimeout(() => dispatchers.start(one), random.between(1, 500));
    people.begin(onError);
    troubles.begin();
    let mendedAt: number | undefined;
    let atOnce = 0;
    for (;;) {
      const beforeMs = clock.monotonicMs();
      if (!clock.step()) throw new Violation('progress', 'nothing happens any more');
      steps++;
      atOnce = clock.monotonicMs() === beforeMs ? atOnce + 1 : 0;
      if (atOnce > maxStepsAtOnce) throw new Violation('progress', 'something turns in a circle');
      await settle();
      const events = await checker.look();
      if (failure !== undefined) throw failure;
      if (events.length > 0) dispatchers.tellOfEvents();
      const isEnough = steps >= scenario.minSteps && clock.monotonicMs() >= scenario.troubleForMs && people.isDone;
      if (mendedAt === undefined && isEnough) {
        mendedAt = clock.monotonicMs();
        await troubles.mend();
      }
      if (mendedAt === undefined) continue;
      const open = events.length === 0 && steps % 50 !== 0 ? undefined : checker.open();
      if (open?.length === 0) break;
      if (clock.monotonicMs() - mendedAt > mendedForMs)
        throw new Violation(
          'progress',
          `${troubles.dead ?? 'nothing'} stays dead, and still ${checker.open().join('; ')}`,
        );
    }
    await checker.finish(people.jobIds);
    return result(undefined);
  } catch (error) {
    if (error instanceof Violation) return result(error);
    throw error;
  } finally {
    for (const { id } of scenario.dispatchers) dispatchers.kill(id);
    frontend.close();
    await settle();
  }
}
