/**
 * What the dispatcher does by itself: giving hosts to entries, on SQLite and on MariaDB as servers come (durable), with executions that are only simulated. Everything that a real
 * one writes is written: entries, hosts, leases, executions, events, reasons.
 *
 * `npm run bench:dispatch`; `-- --quick` for the same rows from less work; `-- --only sqlite` or `-- --only mariadb`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase, type Database } from '@autotest/core/db';
import { startMariaDb } from '@autotest/core/testing';
import { claimRateOfServer, claimRateOfSqlite } from './lib/claims.ts';
import { addFleet, jobOf, putBundle, queueJobs } from './lib/fleet.ts';
import { report, table } from './lib/report.ts';
import { startSimulatedLab, type SimulatedLab } from './lib/simulated-lab.ts';
import { quantile } from './lib/statistics.ts';

const quick = process.argv.includes('--quick');
const only = process.argv[process.argv.indexOf('--only') + 1];
const bench = 'dispatch';
const queued = quick ? 20_000 : 100_000;
const fleets = quick ? [5000, 10_000] : [10_000, 50_000];
const samples = quick ? 100 : 300;
const scale = quick ? [1000, 10_000] : [5000, 50_000];

interface Engine {
  readonly name: string;
  newUrl(): string;
  /** Assignments per second that are asked of this engine: a multiple of the rate of single claims, or a number. */
  target(claimRate: number): number;
  claimRate(): Promise<number>;
}

const directory = mkdtempSync(join(tmpdir(), 'bench-dispatch-'));
let files = 0;
const newFile = (): string => join(directory, `${files++}.db`);

try {
  if (only !== 'mariadb')
    await measure({
      name: 'SQLite',
      newUrl: () => `sqlite:${newFile()}`,
      target: () => 5000,
      claimRate: async () => claimRateOfSqlite(newFile(), { seconds: quick ? 1 : 3 }),
    });
  if (only !== 'sqlite') {
    const server = await startMariaDb({ durable: true });
    try {
      await measure({
        name: 'MariaDB',
        newUrl: () => server.newUrl(),
        target: (claimRate) => 2 * claimRate,
        async claimRate() {
          const url = server.newUrl();
          await (await openDatabase(url, { migrate: true })).close();
          return claimRateOfServer(url, { seconds: quick ? 2 : 5, connections: 8 });
        },
      });
    } finally {
      await server.stop();
    }
  }
  table();
} finally {
  rmSync(directory, { recursive: true, force: true, maxRetries: 10 });
}

async function measure(engine: Engine): Promise<void> {
  const claimRate = await engine.claimRate();
  report({ bench, case: `${engine.name}: single-row claims`, value: claimRate, unit: '1/s' });
  for (const hosts of fleets) await measureThroughput(engine, hosts, claimRate);
  const latencies: number[] = [];
  for (const hosts of scale) latencies.push(await measureLatency(engine, hosts));
  const [small = 0, large = 0] = latencies;
  report(
    {
      bench,
      case: `${engine.name}: latency of one submission, ${scale[1]} hosts against ${scale[0]}`,
      value: large,
      unit: 'ms',
      baseline: `${scale[0]} hosts`,
      baselineValue: small,
      target: 2 * small,
    },
    { lowerIsBetter: true },
  );
}

/** Gives hosts to a queue that is longer than the fleet, or works a queue off with hosts that become free again. */
async function measureThroughput(engine: Engine, hosts: number, claimRate: number): Promise<void> {
  const what = `${engine.name}, ${hosts} hosts, ${queued} queued`;
  const baseline = { baseline: 'single-row claims', baselineValue: claimRate };
  await withLab(engine, hosts, async (database, dataDir) => {
    await queueJobs(database, queued, 20);
    const lab = await startSimulatedLab(database, dataDir, { carrier: 'other' });
    try {
      await until(() => lab.counts.assigned > 0);
      const [startedAt, before] = [performance.now(), lab.counts.assigned];
      const wanted = Math.min(hosts, queued) * 0.8;
      await until(() => lab.counts.assigned >= wanted);
      const rate = (lab.counts.assigned - before) / ((performance.now() - startedAt) / 1000);
      report({
        bench,
        case: `${what}: assignments`,
        value: rate,
        unit: '1/s',
        ...baseline,
        target: engine.target(claimRate),
      });
      report({ bench, case: `${what}: memory of the process`, value: process.memoryUsage().rss / 1e6, unit: 'MB' });
    } finally {
      await lab.stop();
    }
  });
  await withLab(engine, hosts, async (database, dataDir) => {
    await queueJobs(database, queued, 20);
    const lab = await startSimulatedLab(database, dataDir, { carrier: 'self' });
    try {
      await until(() => lab.counts.ended > 0);
      const [startedAt, before] = [performance.now(), lab.counts.ended];
      const seconds = quick ? 4 : 15;
      await until(() => lab.counts.ended >= queued * 0.95 || performance.now() - startedAt > seconds * 1000);
      const rate = (lab.counts.ended - before) / ((performance.now() - startedAt) / 1000);
      report({
        bench,
        case: `${what}: whole entries, from the queue to their end`,
        value: rate,
        unit: '1/s',
        ...baseline,
      });
      await measureLoaded(what, database, lab);
    } finally {
      await lab.stop();
    }
  });
}

/** From a submission to its host, while the queue is being worked off. */
async function measureLoaded(what: string, database: Database, lab: SimulatedLab): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < samples; n++) {
    const startedAt = performance.now();
    const { job } = await database.jobs.submit(jobOf(0, 1, { priority: 90 }));
    await lab.assigned(job.id);
    times.push(performance.now() - startedAt);
  }
  for (const [name, share, target] of [
    ['p50', 0.5],
    ['p99', 0.99, 300],
  ] as const)
    report(
      {
        bench,
        case: `${what}: submit to assigned, loaded, ${name}`,
        value: quantile(times, share),
        unit: 'ms',
        ...(target && { target }),
      },
      { lowerIsBetter: true },
    );
}

/** From a submission to its host in a lab where nothing else happens; the submission comes from the same process, and from another connection as another process has it. */
async function measureLatency(engine: Engine, hosts: number): Promise<number> {
  let p50 = 0;
  await withLab(engine, hosts, async (database, dataDir, url) => {
    const lab = await startSimulatedLab(database, dataDir, { carrier: 'self' });
    const other = await openDatabase(url);
    try {
      await delay(500);
      for (const [from, submitter] of [
        ['the same process', database],
        ['another process', other],
      ] as const) {
        const times: number[] = [];
        for (let n = 0; n < samples; n++) {
          await delay(quick ? 5 : 15);
          const startedAt = performance.now();
          const { job } = await submitter.jobs.submit(jobOf(n, 1));
          await lab.assigned(job.id);
          times.push(performance.now() - startedAt);
        }
        const what = `${engine.name}, ${hosts} hosts: submit to assigned, idle, from ${from}`;
        report({ bench, case: `${what}, p50`, value: quantile(times, 0.5), unit: 'ms' });
        report(
          { bench, case: `${what}, p99`, value: quantile(times, 0.99), unit: 'ms', target: 50 },
          { lowerIsBetter: true },
        );
        if (submitter === database) p50 = quantile(times, 0.5);
      }
      // By then others are asked for news less often.
      const quietMs = 6000;
      const first: number[] = [];
      for (let n = 0; n < (quick ? 3 : 10); n++) {
        await delay(quietMs);
        const startedAt = performance.now();
        const { job } = await other.jobs.submit(jobOf(n, 1));
        await lab.assigned(job.id);
        first.push(performance.now() - startedAt);
      }
      for (const [name, share] of [
        ['p50', 0.5],
        ['longest', 1],
      ] as const)
        report({
          bench,
          case: `${engine.name}, ${hosts} hosts: submit to assigned, after ${quietMs / 1000} s of silence, from another process, ${name}`,
          value: quantile(first, share),
          unit: 'ms',
        });
      await delay(quietMs);
      const before = process.cpuUsage();
      const idleMs = quick ? 3000 : 10_000;
      await delay(idleMs);
      const { user, system } = process.cpuUsage(before);
      report(
        {
          bench,
          case: `${engine.name}, ${hosts} hosts: CPU of an idle dispatcher`,
          value: (user + system) / 10 / idleMs,
          unit: '% of one core',
          target: 1,
        },
        { lowerIsBetter: true },
      );
    } finally {
      await lab.stop();
      await other.close();
    }
  });
  return p50;
}

async function withLab(
  engine: Engine,
  hosts: number,
  work: (database: Database, dataDir: string, url: string) => Promise<void>,
): Promise<void> {
  const url = engine.newUrl();
  const database = await openDatabase(url, { migrate: true });
  const dataDir = mkdtempSync(join(directory, 'data-'));
  try {
    await putBundle(database);
    await addFleet(database, hosts);
    await work(database, dataDir, url);
  } finally {
    await database.close();
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(2);
}
