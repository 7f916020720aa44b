import { Random } from '@autotest/core/testing';
import { chaosScenario } from './chaos.ts';
import { goodNetwork, type Scenario } from './scenario.ts';

/** A lab with too few hosts, open to everybody, for which accounts of several weights compete. Nothing goes wrong but the tests: what is checked is who gets which host. */
export function contestScenario(seed: number | string): Scenario {
  const random = new Random(seed).split('contest');
  const { limits, durations, rates } = chaosScenario(seed);
  const hosts = random.between(3, 9);
  return {
    hosts: [{ labels: ['arch:x86'], count: hosts }],
    dispatchers: [{ id: 'd1', machine: 'm1', maxExecutions: hosts * 2 }],
    limits,
    rates: { ...rates, hangs: 0, verifyFails: 0, infraFails: 0 },
    durations,
    network: { ...goodNetwork, slow: random.next() * 0.4 },
    workload: {
      jobs: random.between(40, 80),
      arrivalMs: random.between(100, 600),
      owners: [
        { login: 'ada', weight: random.between(1, 3) },
        { login: 'bob', weight: random.between(1, 3) },
        { login: 'eve', weight: 1, ...(random.chance(0.3) && { maxHosts: 2 }) },
      ],
      priorities: [10, 10, 10, 20],
      needs: ['', '', 'arch:x86'],
      isVaried: false,
    },
    troubleMs: Infinity,
    troubleForMs: 0,
    minSteps: 200,
    leavesOneDead: false,
  };
}
