/**
 * What it costs to start an execution: rate of starts and time to the greeting, with a fresh autoserv for each and with autoservs that were started ahead; private memory of
 * one that waits. The execution is a server control file that does nothing, without hosts. The baseline is Slurm in the same run: an array of
 * `true` on one node with 64 slots, and single jobs from submission to start.
 *
 * Needs the built packages (`npm run build`) and, for the baseline, Slurm.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bundleControl, bundleToJson, writeBundle } from '@autotest/core/bundle';
import type { ExecutionSpec, SpecJob } from '@autotest/core';
import { openDatabase, type Database, type ExecutionRow } from '@autotest/core/db';
import { makeTestDatabase, missingService, newJob, startSlurm, type TestSlurm } from '@autotest/core/testing';
import { startDispatcher } from '../packages/dispatcher/src/index.ts';
import { compileOptions, type ExecutionOptions, type Settings } from '../packages/dispatcher/src/options.ts';
import { Supervision } from '../packages/dispatcher/src/supervise/supervision.ts';
import { report, table } from './lib/report.ts';
import { slurmLatencies } from './lib/slurm.ts';
import { median, quantile } from './lib/statistics.ts';

const quick = process.argv.includes('--quick');
const bench = 'executors';
const rounds = quick ? 2 : 5;
const single = quick ? 8 : 40;
const burst = quick ? 24 : 48;
const sustained = quick ? 40 : 150;
const slurmArray = quick ? 60 : 300;
const atOnce = 4;
const directory = mkdtempSync(join(tmpdir(), 'bench-executors-'));
const cold = { warm: { min: 0, max: 0 } };
const warmOne = { warm: { min: 1, max: 1 } };
const full = { warm: { min: burst, max: burst } };
let count = 0;

const noOp = await makeJob('noop', '');
/** Long enough to be greeted. */
const nap = await makeJob('nap', 'await new Promise((resolve) => setTimeout(resolve, 150));');
const database = await makeTestDatabase();
const slurm = missingService('slurmctld') === undefined ? await startSlurm() : undefined;

try {
  const rates: Record<string, number[]> = { slurm: [], fresh: [], burst: [], sustained: [] };
  // The first ones fill the compile cache.
  await greetings(cold, 2);
  for (let round = 0; round < rounds; round++) {
    if (slurm) rates.slurm?.push(await slurmRate(slurm));
    rates.fresh?.push(await rateOf(cold, sustained, atOnce));
    rates.burst?.push(await rateOf(full, burst, burst));
    rates.sustained?.push(await rateOf({ warm: { min: 4, max: 16 } }, sustained, atOnce));
  }
  const slurmMs = slurm && median(await slurmLatencies(slurm, directory, quick ? 5 : 20));
  const base = <T>(baseline: string, value: T | undefined) =>
    value === undefined ? {} : { baseline, baselineValue: value };
  const peer = slurm && median(rates.slurm ?? []);
  const perSecond = (name: string, values: readonly number[] = [], share = 0): void => {
    const target = peer === undefined || share === 0 ? {} : { target: Math.round(share * peer) };
    report({ bench, case: name, value: median(values), unit: '1/s', ...base('Slurm array', peer), ...target });
  };
  perSecond('no-op jobs, a fresh autoserv each', rates.fresh, 0.35);
  perSecond(`no-op jobs, burst of ${burst} with as many waiting`, rates.burst, 1);
  perSecond('no-op jobs, sustained, up to 16 waiting', rates.sustained);
  for (const [name, options] of [
    ['fresh', cold],
    ['started ahead', warmOne],
  ] as const) {
    const values = await greetings(options, single);
    for (const [label, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const)
      report(
        {
          bench,
          case: `start to greeting, ${name}, ${label}`,
          value: quantile(values, share),
          unit: 'ms',
          ...base('Slurm submit to start, p50', slurmMs),
          ...(slurmMs !== undefined && { target: Math.round(0.25 * slurmMs) }),
        },
        { lowerIsBetter: true },
      );
  }
  report(
    { bench, case: 'private memory of one that waits', value: await waitingMegabytes(), unit: 'MB', target: 20 },
    { lowerIsBetter: true },
  );
  for (const [name, options] of [
    ['fresh', cold],
    ['started ahead', full],
  ] as const)
    perSecond(`no-op jobs from submission to verdict, ${name}`, [await throughDispatcher(options)]);
} finally {
  await slurm?.stop();
  await database.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
table();

async function makeJob(name: string, body: string) {
  const bundle = await bundleControl({
    fileName: `${name}.ts`,
    source: `import { defineControl } from '@autotest/core';
export default defineControl({ name: '${name}', author: 'bench', doc: 'Does nothing.', type: 'server', async run() { ${body} } });`,
  });
  const bundleDir = join(directory, name);
  await writeBundle(bundle, bundleDir);
  const { hash: bundleHash, entry, modules } = bundle;
  const job: SpecJob = {
    id: 1,
    name,
    owner: 'bench',
    controlType: 'server',
    bundleDir,
    bundleHash,
    entry,
    modules,
    params: {},
    keyvals: {},
  };
  return { bundle, job };
}

function settingsOf(execution: ExecutionOptions): Settings {
  const settings = compileOptions({ database, dataDir: join(directory, 'data'), dispatcherId: 'bench', execution });
  mkdirSync(settings.compileCacheDir, { recursive: true });
  settings.executors.open();
  return settings;
}

/** Waits until as many autoservs wait as are to wait at least. */
async function untilFull({ execution }: Settings): Promise<void> {
  await delay(200 + execution.warm.min * 120);
}

/** ms from start to greeting, one after another. */
async function greetings(options: ExecutionOptions, runs: number): Promise<number[]> {
  const settings = settingsOf(options);
  try {
    const values: number[] = [];
    for (let n = 0; n < runs; n++) {
      await untilFull(settings);
      values.push(await carryOut(settings, nap.job));
    }
    return values;
  } finally {
    await settings.executors.close();
  }
}

/** Executions a second, so many at once. */
async function rateOf(options: ExecutionOptions, jobs: number, concurrency: number): Promise<number> {
  const settings = settingsOf(options);
  try {
    await untilFull(settings);
    let left = jobs;
    const startedAt = performance.now();
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        while (left-- > 0) await carryOut(settings, noOp.job);
      }),
    );
    return jobs / ((performance.now() - startedAt) / 1000);
  } finally {
    await settings.executors.close();
  }
}

/** Carries one execution out. Gives the time to its greeting, or to its end where it was over before that, ms. */
async function carryOut(settings: Settings, job: SpecJob): Promise<number> {
  const execution = await newExecution(settings, job);
  let row = execution;
  let greetedAt: number | undefined;
  const startedAt = performance.now();
  const supervision = new Supervision({ ...settings, isMember: () => true }, execution, execution, {
    prepare: async () => {},
    started: async (pid) => (row = { ...row, state: 'starting', pid }),
    greeted: async (pid) => {
      greetedAt = performance.now();
      return (row = { ...row, state: 'running', pid });
    },
  });
  const end = await supervision.run();
  if (end?.exitClass !== 'clean') throw new Error(`an execution ended ${JSON.stringify(end)}`);
  return (greetedAt ?? performance.now()) - startedAt;
}

async function newExecution(settings: Settings, job: SpecJob): Promise<ExecutionRow> {
  count += 1;
  const resultsDir = join(settings.resultsRoot, `${count}`);
  mkdirSync(resultsDir, { recursive: true });
  const about = {
    purpose: 'job',
    attempt: 1,
    epoch: 1,
    tag: `${count}-bench/hostless`,
    resultsDir,
    socketPath: join(directory, `${count}.sock`),
  } as const;
  const row = await database.scheduling.write((w) => w.addExecution({ ...about, dispatcherId: 'bench' }));
  if (!row) throw new Error('the execution was not made');
  const limits = { reconnectMs: 1000, maxResultsBytes: 1e9 };
  const spec: ExecutionSpec = { version: 1, executionId: row.id, ...about, job, hosts: [], limits };
  writeFileSync(join(resultsDir, 'execution.json'), JSON.stringify(spec));
  return row;
}

async function waitingMegabytes(): Promise<number> {
  const settings = settingsOf(full);
  try {
    await untilFull(settings);
    const pids = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
    const sizes = pids
      .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--warm'))
      .map((pid) => {
        const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
        const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
        return (of('Private_Clean') + of('Private_Dirty')) / 1024;
      });
    return median(sizes);
  } finally {
    await settings.executors.close();
  }
}

/** Jobs a second through a whole dispatcher on a SQLite file: submitted all at once, until the last one is finished. */
async function throughDispatcher(execution: ExecutionOptions): Promise<number> {
  const dataDir = join(directory, `product-${Math.random().toString(36).slice(2)}`);
  mkdirSync(dataDir);
  const store = await openDatabase(`sqlite:${join(dataDir, 'autotest.db')}`, { migrate: true });
  const dispatcher = await startDispatcher({ database: store, dataDir, execution });
  try {
    await submitNoOp(store, 2);
    await delay(200 + (execution.warm?.min ?? 0) * 120);
    const startedAt = performance.now();
    await submitNoOp(store, burst);
    return burst / ((performance.now() - startedAt) / 1000);
  } finally {
    await dispatcher.stop();
    await store.close();
  }
}

async function submitNoOp(store: Database, jobs: number): Promise<void> {
  const { hash, fileName, source, sizeBytes, metadata } = noOp.bundle;
  await store.bundles.put({ hash, fileName, source, json: bundleToJson(noOp.bundle), sizeBytes });
  const wish = newJob({
    name: 'noop',
    owner: 'bench',
    bundleHash: hash,
    metadata,
    timeoutMs: 3_600_000,
    maxRuntimeMs: 3_600_000,
  });
  const ids: number[] = [];
  for (let n = 0; n < jobs; n++) ids.push((await store.jobs.submit(wish)).job.id);
  for (const id of ids) while ((await store.jobs.byId(id))?.state !== 'finished') await delay(5);
}

async function slurmRate(cluster: TestSlurm): Promise<number> {
  const startedAt = performance.now();
  const id = await cluster.run('sbatch', '--parsable', `--array=1-${slurmArray}`, '--output=/dev/null', '--wrap=true');
  while ((await cluster.run('squeue', '--noheader', '--array', `--jobs=${id}`, '--states=PD,R,CG,CF')) !== '')
    await delay(50);
  return slurmArray / ((performance.now() - startedAt) / 1000);
}
