/**
 * What an autoserv process costs: time to start, processor time of a small execution, and private memory while one SSH connection is open.
 *
 * Needs the built packages (`npm run build`) and, for the SSH rows, an OpenSSH server.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundleControl, writeBundle } from '@autotest/core/bundle';
import { hasSshd, startSshd, type SshdHost } from '@autotest/core/testing';
import { report, table } from './lib/report.ts';
import { median } from './lib/statistics.ts';

const quick = process.argv.includes('--quick');
const runs = quick ? 5 : 21;
const processes = quick ? 2 : 10;
const autoserv = fileURLToPath(new URL('../packages/autoserv/dist/autoserv.mjs', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'bench-autoserv-'));
const env = {
  PATH: process.env.PATH,
  HOME: directory,
  TMPDIR: directory,
  LANG: 'C.UTF-8',
  NODE_COMPILE_CACHE: join(directory, 'cache'),
};

try {
  const node = median(times(['-e', '0']));
  report({ bench: 'autoserv-start', case: 'node -e 0', value: node, unit: 'ms' });
  times([autoserv, '--help'], 2);
  const start = median(times([autoserv, '--help']));
  report(
    {
      bench: 'autoserv-start',
      case: 'start to first word',
      value: start,
      unit: 'ms',
      baseline: 'node -e 0',
      baselineValue: node,
      target: 60,
    },
    { lowerIsBetter: true },
  );
  if (hasSshd()) await measureSsh(node);
} finally {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
table();

async function measureSsh(node: number): Promise<void> {
  const sshd = await startSshd({ hosts: 1 });
  try {
    const [host] = sshd.hosts;
    if (!host) return;
    times([autoserv, '--spec', spec('verify', host, 'warm')], 1);
    const verify = median(
      Array.from({ length: runs }, (_, n) => times([autoserv, '--spec', spec('verify', host, `v${n}`)], 1)[0] ?? 0),
    );
    report({
      bench: 'autoserv-start',
      case: 'verify one host over SSH',
      value: verify,
      unit: 'ms',
      baseline: 'node -e 0',
      baselineValue: node,
    });
    await measureMemory(host);
  } finally {
    await sshd.close();
  }
}

/** Private memory (USS) of processes that each follow a client on a host. */
async function measureMemory(host: SshdHost): Promise<void> {
  const control = join(directory, 'control.ts');
  writeFileSync(
    control,
    `import { defineControl } from '@autotest/core';
export default defineControl({ name: 'wait', author: 'bench', doc: 'Waits.', type: 'client', async run(job) { await job.runTest('sleep', { seconds: 600 }); } });\n`,
  );
  const bundle = await bundleControl({ entryPath: control });
  await writeBundle(bundle, join(directory, 'bundle'));
  const { hash: bundleHash, entry, modules } = bundle;
  const job = {
    id: 1,
    name: 'wait',
    owner: 'bench',
    controlType: 'client',
    bundleDir: join(directory, 'bundle'),
    bundleHash,
    entry,
    modules,
    params: {},
    keyvals: {},
  };
  // The first one brings what the host lacks; it is not what a process costs from then on.
  await inProcesses(1, 'warm-job', host, { job }, async () => []);
  const sizes = await inProcesses(processes, 'm', host, { job }, async (children) => {
    await delay(quick ? 1000 : 5000);
    return children.map(({ pid }) => privateMegabytes(pid ?? 0));
  });
  report(
    {
      bench: 'autoserv-start',
      case: 'private memory with one SSH session',
      value: median(sizes),
      unit: 'MB',
      target: 20,
    },
    { lowerIsBetter: true },
  );
}

/** Starts processes, waits until the test of each runs, looks at them, and ends them. */
async function inProcesses<T>(
  count: number,
  name: string,
  host: SshdHost,
  more: object,
  look: (children: readonly ChildProcess[]) => Promise<T>,
): Promise<T> {
  const children: ChildProcess[] = [];
  try {
    for (let n = 0; n < count; n++) {
      const file = spec('job', host, `${name}${n}`, more);
      children.push(spawn(process.execPath, [autoserv, '--spec', file], { env, stdio: 'ignore' }));
    }
    for (let n = 0; n < count; n++) await untilRunning(join(directory, `${name}${n}`, 'journal.ndjson'));
    return await look(children);
  } finally {
    for (const child of children) child.kill('SIGTERM');
    await Promise.all(
      children.map(
        (child) =>
          new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(undefined))),
      ),
    );
  }
}

async function untilRunning(journal: string): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    await delay(50);
    try {
      if (readFileSync(journal, 'utf8').includes('"node.start"')) return;
    } catch {
      // It is not there yet.
    }
  }
  throw new Error(`no test began: ${readFileSync(journal, 'utf8')}`);
}

function privateMegabytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return (of('Private_Clean') + of('Private_Dirty')) / 1024;
}

function spec(purpose: string, host: SshdHost, name: string, more: object = {}): string {
  const resultsDir = join(directory, name);
  mkdirSync(resultsDir, { recursive: true });
  const file = join(resultsDir, 'execution.json');
  const { address, port, user, keyFile, hostKey } = host;
  const hosts = [
    {
      name: host.name,
      transport: 'ssh',
      address,
      port,
      user,
      keyFile,
      hostKeys: [hostKey],
      labels: [],
      attributes: {},
      protection: 'none',
    },
  ];
  const limits = { reconnectMs: 60_000, maxResultsBytes: 1e9 };
  writeFileSync(
    file,
    JSON.stringify({
      version: 1,
      executionId: 1,
      tag: name,
      purpose,
      attempt: 1,
      epoch: 1,
      resultsDir,
      socketPath: join(directory, `${name}.s`),
      hosts,
      limits,
      ...more,
    }),
  );
  return file;
}

/** Wall-clock times of fresh processes, ms. */
function times(args: readonly string[], count = runs): number[] {
  return Array.from({ length: count }, () => {
    const startedAt = performance.now();
    const { status, stderr } = spawnSync(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr.toString()}`);
    return performance.now() - startedAt;
  });
}
