import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundleControl, writeBundle } from '@autotest/core/bundle';
import type { ExecutionSpec, HostSpec, SpecJob } from '@autotest/core';
import { report } from '../lib/report.ts';
import { median } from '../lib/statistics.ts';
import { ours } from './commands.ts';
import type { Farm } from './farm.ts';
import { costOf } from './measure.ts';

const bench = 'hosts';
const autoserv = fileURLToPath(new URL('../../packages/autoserv/dist/autoserv.mjs', import.meta.url));
let count = 0;

/** G7: a client job with one test that does nothing, on a host that has had one before. */
export async function clientJob(farm: Farm, rounds: number): Promise<void> {
  const job = await makeJob(farm, 'client', `await job.runTest('sleep', { seconds: 0 });`);
  const run = (): number =>
    costOf([process.execPath, autoserv, '--spec', specFile(farm, job, farm.specs(1))], farm.env).wallMs;
  run();
  report(
    {
      bench,
      case: 'client job with one empty test, prepared host',
      value: median(Array.from({ length: rounds }, run)),
      unit: 'ms',
      target: 640,
    },
    { lowerIsBetter: true },
  );
}

/** G11: autoservs with one connection each, beside processes that have Node, ssh2 and a connection and nothing else. */
export async function memoryOfMany(farm: Farm, processes: number): Promise<void> {
  const job = await makeJob(farm, 'server', `await job.hosts[0].run(['sleep', '120']);`);
  const specs = farm.specs(processes);
  const autoservs = await proportional(
    specs.map((spec) => [autoserv, '--spec', specFile(farm, job, [spec])]),
    farm,
  );
  const bare = await bareClient(farm);
  const bares = await proportional(
    specs.map((spec) => [bare, spec.address]),
    farm,
  );
  report(
    {
      bench,
      case: `${processes} autoservs with one connection, PSS each`,
      value: autoservs,
      unit: 'MB',
      baseline: 'Node with ssh2',
      baselineValue: bares,
      target: 17,
    },
    { lowerIsBetter: true },
  );
}

export function memoryOfConnections(farm: Farm, connections: number): void {
  const { rssMb = Number.NaN } = ours('memory', { hosts: farm.specs(connections) });
  report(
    { bench, case: `${connections} connections in one process, RSS`, value: rssMb, unit: 'MB', target: 300 },
    { lowerIsBetter: true },
  );
}

async function makeJob(farm: Farm, controlType: 'client' | 'server', body: string): Promise<SpecJob> {
  const source = `import { defineControl } from '@autotest/core';
export default defineControl({ name: 'bench', author: 'bench', doc: 'A benchmark.', type: '${controlType}', async run(job) { ${body} } });`;
  const bundle = await bundleControl({ fileName: 'bench.ts', source });
  const bundleDir = join(farm.directory, `bundle-${controlType}`);
  await writeBundle(bundle, bundleDir);
  const { hash: bundleHash, entry, modules } = bundle;
  return {
    id: 1,
    name: 'bench',
    owner: 'bench',
    controlType,
    bundleDir,
    bundleHash,
    entry,
    modules,
    params: {},
    keyvals: {},
  };
}

function specFile(farm: Farm, job: SpecJob, hosts: readonly HostSpec[]): string {
  count += 1;
  const resultsDir = join(farm.directory, `results-${count}`);
  mkdirSync(join(resultsDir, 'debug'), { recursive: true });
  const spec: ExecutionSpec = {
    version: 1,
    executionId: count,
    tag: `${count}-bench/${hosts[0]?.name ?? ''}`,
    purpose: 'job',
    attempt: 1,
    epoch: 1,
    resultsDir,
    socketPath: join(farm.directory, `${count}.s`),
    job,
    hosts,
    limits: { reconnectMs: 60_000, maxResultsBytes: 1e9 },
  };
  const file = join(resultsDir, 'execution.json');
  writeFileSync(file, JSON.stringify(spec));
  return file;
}

async function bareClient(farm: Farm): Promise<string> {
  const outfile = join(farm.directory, 'bare.cjs');
  await build({
    stdin: {
      contents: `const { Client } = require('ssh2'); const { readFileSync } = require('node:fs'); const { connect } = require('node:net');
const client = new Client();
client.on('ready', () => client.exec('cat', (error, channel) => channel.resume()));
client.connect({ sock: connect({ host: process.argv[2], port: ${farm.port}, noDelay: true }), username: process.env.USER || 'root', privateKey: readFileSync(${JSON.stringify(`${farm.directory}/user_key`)}) });`,
      resolveDir: fileURLToPath(new URL('../../packages/autoserv', import.meta.url)),
    },
    bundle: true,
    platform: 'node',
    outfile,
    external: ['cpu-features', '*.node'],
    logLevel: 'error',
  });
  return outfile;
}

/** Mean proportional memory of these processes once each has its command running on its host, MB. */
async function proportional(argvs: readonly (readonly string[])[], farm: Farm): Promise<number> {
  const children: ChildProcess[] = [];
  try {
    for (const argv of argvs) {
      children.push(spawn(process.execPath, argv, { env: farm.env, stdio: 'ignore' }));
      // Started at once they would all wait for the two processors until some connection times out.
      await delay(60);
    }
    await delay(3000);
    const sizes = children.map(({ pid }) => pssMegabytes(pid ?? 0));
    return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  } finally {
    for (const child of children) child.kill('SIGTERM');
    const timer = setTimeout(() => {
      for (const child of children) child.kill('SIGKILL');
    }, 30_000);
    await Promise.all(
      children.map(
        (child) =>
          new Promise((resolve) =>
            child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(undefined),
          ),
      ),
    );
    clearTimeout(timer);
  }
}

function pssMegabytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? Number.NaN) / 1024;
}
