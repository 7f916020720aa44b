import { Random } from '@autotest/core/testing';
import type { Scenario } from './scenario.ts';

/** A small lab in which everything goes wrong: dispatchers, hosts, machines, clocks and the network, and people who change their minds. Times are short, so that much happens. */
export function chaosScenario(seed: number | string): Scenario {
  const random = new Random(seed).split('scenario');
  const machines = random.between(1, 2);
  const dispatchers = Array.from({ length: random.between(1, 3) }, (_, index) => ({
    id: `d${index + 1}`,
    machine: `m${(index % machines) + 1}`,
    maxExecutions: random.pick([1, 3, 20]),
  }));
  const isBadNetwork = random.chance(0.6);
  const often = (most: number) => (isBadNetwork && random.chance(0.7) ? random.next() * most : 0);
  return {
    dispatchers,
    hosts: [
      { labels: ['arch:x86', 'rack:1'], count: random.between(1, 3) },
      { labels: ['arch:x86', 'rack:2', 'gpu'], count: random.between(2, 3) },
      { labels: ['arch:arm', 'rack:2'], count: random.between(1, 2) },
    ],
    limits: {
      heartbeatMs: 4000,
      pollMs: 5000,
      deadMs: 15_000,
      lostMs: 60_000,
      holdMs: 20_000,
      maxRepairs: 2,
      repairCoolDownMs: 60_000,
      verifyMs: 20_000,
      repairMs: 30_000,
      gatherMs: 15_000,
      helloMs: 8000,
      abortGraceMs: 4000,
      killGraceMs: 2000,
      reverifyMs: 10_000,
      maxReverifyMs: 40_000,
    },
    rates: { verifyFails: 0.15, repairFails: 0.3, testsFail: 0.25, infraFails: 0.15, hangs: 0.06 },
    durations: {
      startMs: 200,
      verifyMs: 1500,
      repairMs: 4000,
      cleanupMs: 3000,
      provisionMs: 3000,
      jobMs: 5000,
      gatherMs: 1000,
    },
    network: {
      slow: often(0.4),
      stalls: often(0.03),
      losesRequest: often(0.03),
      losesAnswer: often(0.03),
      conflicts: often(0.1),
      losesNews: often(0.3),
    },
    workload: {
      jobs: random.between(8, 14),
      arrivalMs: random.between(300, 4000),
      owners: [
        { login: 'ada', weight: 1 },
        { login: 'bob', weight: 2 },
        { login: 'eve', weight: 1, ...(random.chance(0.3) && { maxHosts: 2 }) },
      ],
      priorities: [10, 10, 10, 20],
      needs: ['', '', 'arch:x86', 'gpu', 'rack:2', 'arch:arm | gpu'],
      isVaried: true,
    },
    troubleMs: random.pick([1000, 2500, 6000]),
    troubleForMs: random.between(15_000, 50_000),
    minSteps: 200,
    leavesOneDead: random.chance(0.5),
  };
}
