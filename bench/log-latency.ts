/**
 * How long a line takes from a command on a host until a subscriber of the log has it: host → client → autoserv → results directory → API →
 * WebSocket. The command prints the time with each line. The baseline is the same command read through a plain pipe, by a child process or by `ssh`.
 *
 * Needs the built packages (`npm run build`) and, for the rows of ssh, an OpenSSH server.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { bundleControl, bundleToJson } from '@autotest/core/bundle';
import { hasSshd, startSshd, type SshdHost } from '@autotest/core/testing';
import { AddHostDocument, submitJob, tailLog, watchJob, type Connection } from '@autotest/graphql/client';
import { startProduct } from './lib/product.ts';
import { report, table } from './lib/report.ts';
import { quantile } from './lib/statistics.ts';

const quick = process.argv.includes('--quick');
const lines = quick ? 100 : 500;
const bench = 'log-latency';
const directory = mkdtempSync(join(tmpdir(), 'bench-log-'));
const script = join(directory, 'lines.mjs');
writeFileSync(
  script,
  `for (let n = 0; n < ${lines}; n++) { console.log('stamp ' + (performance.timeOrigin + performance.now())); await new Promise((r) => setTimeout(r, 20)); }\n`,
);
const command = [process.execPath, script] as const;

const product = await startProduct();
try {
  rows('local', await throughProduct(product.api, 'localhost'), 'child process', await throughPipe(command));
  if (hasSshd()) {
    const sshd = await startSshd({ hosts: 1 });
    try {
      const [host] = sshd.hosts;
      if (host) {
        await addHost(product.api, host);
        rows('ssh', await throughProduct(product.api, host.name), 'ssh pipe', await throughPipe(sshCommand(host)));
      }
    } finally {
      await sshd.close();
    }
  }
} finally {
  await product.stop();
  rmSync(directory, { recursive: true, force: true });
}
table();

function rows(transport: string, ours: readonly number[], baseline: string, pipe: readonly number[]): void {
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    report({
      bench,
      case: `line to subscriber, ${transport}, ${name}`,
      value: quantile(ours, share),
      unit: 'ms',
      baseline,
      baselineValue: quantile(pipe, share),
    });
  }
}

/** Latencies in ms of the lines of one job. */
async function throughProduct(api: Connection, host: string): Promise<number[]> {
  const source = `import { defineControl } from '@autotest/core';
export default defineControl({ name: 'lines', author: 'bench', doc: 'Prints lines.', type: 'client', async run(job) {
  await job.runCommand('lines', ${JSON.stringify(command)});
} });`;
  const bundle = bundleToJson(await bundleControl({ fileName: 'lines.ts', source }));
  const { job } = await submitJob(api, { bundle, hosts: [host] });
  const executionId = await executionOf(api, job.id);
  const latencies: number[] = [];
  let rest = '';
  for await (const chunk of tailLog(api, { executionId, path: 'lines/debug/output.log' })) {
    const now = performance.timeOrigin + performance.now();
    const parts = (rest + chunk.text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) if (line.startsWith('stamp ')) latencies.push(now - Number(line.slice(6)));
  }
  if (latencies.length !== lines) throw new Error(`${latencies.length} of ${lines} lines arrived`);
  return latencies;
}

async function executionOf(api: Connection, jobId: string): Promise<string> {
  for await (const { view } of watchJob(api, jobId)) {
    const id = view.entries[0]?.execution?.id;
    if (id !== undefined && id !== null) return id;
  }
  throw new Error(`job ${jobId} ended without an execution`);
}

async function throughPipe([program = '', ...args]: readonly string[]): Promise<number[]> {
  const latencies: number[] = [];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('stamp ')) latencies.push(performance.timeOrigin + performance.now() - Number(line.slice(6)));
  }
  return latencies;
}

function sshCommand(host: SshdHost): string[] {
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'BatchMode=yes',
  ].flatMap((option) => ['-o', option]);
  return [
    'ssh',
    ...options,
    '-i',
    host.keyFile,
    '-p',
    String(host.port),
    `${host.user}@${host.address}`,
    command.join(' '),
  ];
}

async function addHost(api: Connection, { name, address, port, user, keyFile, hostKey }: SshdHost): Promise<void> {
  const { addHost: answer } = await api.request(AddHostDocument, {
    input: { name, address, port, user, keyFile, hostKeys: [hostKey] },
  });
  if (answer.__typename !== 'HostSuccess') throw new Error(answer.message);
  await delay(100);
}
