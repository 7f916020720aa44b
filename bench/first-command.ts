/**
 * How long it takes from a submission until the first command of the job runs on its host, on an idle system: with an autoserv that was started ahead and with a fresh one, on a host
 * over SSH and on this machine as host. Jobs ask for no verification, as Slurm does none before a job. The baseline is Slurm in the same run, from `sbatch` to the first command.
 *
 * Needs the built packages (`npm run build`), an OpenSSH server and, for the baseline, Slurm.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bundleControl, bundleToJson } from '@autotest/core/bundle';
import { openDatabase, type Database, type HostRow } from '@autotest/core/db';
import { missingService, newJob, startSlurm, startSshd } from '@autotest/core/testing';
import { startDispatcher } from '@autotest/dispatcher';
import { report, table } from './lib/report.ts';
import { slurmLatencies } from './lib/slurm.ts';
import { quantile } from './lib/statistics.ts';

const quick = process.argv.includes('--quick');
const runs = quick ? 8 : 50;
const bench = 'first-command';
const directory = mkdtempSync(join(tmpdir(), 'bench-first-command-'));
const bundle = await bundleControl({
  fileName: 'touch.ts',
  source: `import { defineControl } from '@autotest/core';
export default defineControl({ name: 'touch', author: 'bench', doc: 'Runs one command.', type: 'server', params: { file: { type: 'string', doc: 'Made by the command.' } }, async run(job, { file }) {
  await job.hosts[0].runCheck(['touch', file]);
} });`,
});

const sshd = await startSshd({ hosts: 1 });
const slurm = missingService('slurmctld') === undefined ? await startSlurm() : undefined;
try {
  const peer = slurm && (await slurmLatencies(slurm, directory, quick ? 5 : 30));
  for (const transport of ['ssh', 'local'] as const)
    for (const [name, warm] of [
      ['started ahead', { min: 2, max: 4 }],
      ['fresh', { min: 0, max: 0 }],
    ] as const) {
      const values = await measure(transport, warm);
      for (const [label, share, part] of [
        ['p50', 0.5, 0.25],
        ['p99', 0.99, 0.35],
      ] as const) {
        const base = peer && quantile(peer, share);
        report(
          {
            bench,
            case: `submission to first command, ${transport}, autoserv ${name}, ${label}`,
            value: quantile(values, share),
            unit: 'ms',
            ...(base !== undefined && { baseline: `Slurm ${label}`, baselineValue: base, target: part * base }),
          },
          { lowerIsBetter: true },
        );
      }
    }
} finally {
  await slurm?.stop();
  await sshd.close();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}
table();

/** ms from submission to the first command of single jobs, one after another, each when the one before has ended. */
async function measure(transport: 'ssh' | 'local', warm: { min: number; max: number }): Promise<number[]> {
  const dataDir = join(directory, `${transport}-${warm.min}`);
  mkdirSync(dataDir);
  const store = await openDatabase(`sqlite:${join(dataDir, 'autotest.db')}`, { migrate: true });
  const { hash, fileName, source, sizeBytes } = bundle;
  await store.bundles.put({ hash, fileName, source, json: bundleToJson(bundle), sizeBytes });
  const host = await addHost(store, transport);
  const dispatcher = await startDispatcher({ database: store, dataDir, execution: { warm } });
  try {
    // The first ones fill the compile cache.
    for (let n = 0; n < 3; n++) await runOne(store, host, join(dataDir, `first-${n}`));
    const values: number[] = [];
    for (let n = 0; n < runs; n++) values.push(await runOne(store, host, join(dataDir, `run-${n}`)));
    return values;
  } finally {
    await dispatcher.stop();
    await store.close();
  }
}

function addHost(store: Database, transport: 'ssh' | 'local'): Promise<HostRow> {
  const [remote] = sshd.hosts;
  if (transport === 'local' || !remote)
    return store.hosts.add({ name: 'here', transport: 'local', address: 'localhost', port: 0, user: 'bench' }, 'bench');
  const { name, address, port, user, keyFile, hostKey } = remote;
  return store.hosts.add({ name, transport, address, port, user, keyFile, hostKeys: [hostKey] }, 'bench');
}

async function runOne(store: Database, host: HostRow, file: string): Promise<number> {
  const startedAt = Date.now();
  const { job } = await store.jobs.submit(
    newJob({
      name: 'touch',
      owner: 'bench',
      bundleHash: bundle.hash,
      metadata: bundle.metadata,
      params: { file },
      hostIds: [host.id],
      runVerify: false,
      timeoutMs: 60_000,
      maxRuntimeMs: 60_000,
    }),
  );
  for (let state = job.state; state !== 'finished'; await delay(20)) {
    const row = await store.jobs.byId(job.id);
    if (row) ({ state } = row);
  }
  if (!existsSync(file))
    throw new Error(`job ${job.id} did not run its command: ${JSON.stringify(await store.jobs.entries(job.id))}`);
  // Whoever was started ahead for the next one is ready by then.
  await delay(300);
  return statSync(file).mtimeMs - startedAt;
}
