import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SshdHost } from '@autotest/core/testing';
import { startSshd } from '@autotest/core/testing';
import { expect, onTestFinished } from 'vitest';
import { waitFor, type Lab } from './lab.ts';

/** A job as `autotest job show -o json` tells it. */
export interface ShownJob {
  readonly state: string;
  readonly outcome: string | null;
  readonly params: unknown;
  readonly keyvals: unknown;
  readonly recurringId: string | null;
  readonly entries: readonly {
    readonly host: { readonly name: string } | null;
    readonly state: string;
    readonly outcome: string | null;
    readonly cause: { readonly code: string; readonly message: string } | null;
    readonly startedAt: string | null;
    readonly waiting: { readonly message: string } | null;
  }[];
  readonly executions: readonly {
    readonly id: string;
    readonly purpose: string;
    readonly tag: string;
    readonly exitClass: string | null;
  }[];
  readonly results: readonly {
    readonly path: string;
    readonly node: string;
    readonly outcome: string | null;
    readonly reason: string | null;
    readonly executionId: string;
    readonly metrics: readonly { readonly name: string; readonly value: number; readonly iteration: number }[];
  }[];
}

export async function showJob(lab: Lab, id = '1'): Promise<ShownJob> {
  const { stdout, stderr } = await lab.cli('job', 'show', id, '-o', 'json');
  try {
    return JSON.parse(stdout) as ShownJob;
  } catch {
    throw new Error(`job show ${id} printed no JSON: ${stdout}${stderr}`);
  }
}

/** Waits until a job is finished and gives it. */
export function finishedJob(lab: Lab, id = '1'): Promise<ShownJob> {
  return waitFor(
    async () => {
      const job = await showJob(lab, id);
      return job.state === 'finished' ? job : undefined;
    },
    `job ${id} to finish`,
    () => '',
    110_000,
  );
}

/** Results of the job's own executions (not of verify or gather), as path and outcome. */
export function ownResults(job: ShownJob): [path: string, outcome: string | null][] {
  const own = new Set(job.executions.filter(({ purpose }) => purpose === 'job').map(({ id }) => id));
  return job.results.filter(({ executionId }) => own.has(executionId)).map(({ path, outcome }) => [path, outcome]);
}

/** Directory of the results of a job's first own execution. */
export function resultsDir(lab: Lab, job: ShownJob): string {
  const tag = job.executions.find(({ purpose }) => purpose === 'job')?.tag;
  expect(tag, 'the job has an execution').toBeDefined();
  return join(lab.dataDir, 'results', tag ?? '');
}

/** A file of the job's results directory; empty text while it is not there. */
export function resultFile(lab: Lab, job: ShownJob, path: string): string {
  try {
    return readFileSync(join(resultsDir(lab, job), path), 'utf8');
  } catch {
    return '';
  }
}

/** Waits until a test of the job runs. */
export async function testRunning(lab: Lab, path: string, id = '1'): Promise<void> {
  await waitFor(
    async () => (await showJob(lab, id)).results.some((result) => result.path === path && result.outcome === null),
    `${path} to run`,
  );
}

export async function addLocalHost(lab: Lab, name = 'localhost'): Promise<void> {
  const { exitCode, stderr } = await lab.cli('host', 'add', name, '--transport', 'local');
  expect(exitCode, stderr).toBe(0);
}

/** Real OpenSSH hosts, registered with their keys pinned, ended with the test. */
export async function addSshHosts(lab: Lab, count: number, more: readonly string[] = []): Promise<readonly SshdHost[]> {
  const sshd = await startSshd({ hosts: count });
  onTestFinished(() => sshd.close());
  for (const host of sshd.hosts) await addSshHost(lab, host, more);
  return sshd.hosts;
}

export async function addSshHost(
  lab: Lab,
  host: Pick<SshdHost, 'name' | 'address' | 'port' | 'user' | 'keyFile' | 'hostKey'>,
  more: readonly string[] = [],
): Promise<void> {
  const { exitCode, stderr } = await lab.cli(
    'host',
    'add',
    host.name,
    `--address=${host.address}`,
    `--port=${host.port}`,
    `--user=${host.user}`,
    `--key-file=${host.keyFile}`,
    `--host-key=${host.hostKey}`,
    ...more,
  );
  expect(exitCode, stderr).toBe(0);
}

/** Waits until a host can be given to a job again. */
export async function hostReady(lab: Lab, name: string): Promise<void> {
  await waitFor(async () => {
    const { stdout } = await lab.cli('host', 'show', name, '-o', 'json');
    return (JSON.parse(stdout) as { state: string }).state === 'ready';
  }, `${name} to be ready`);
}

/** A control file that runs some tests, one after another. */
export function controlOf(body: string, head = ''): string {
  return `import { defineControl } from '@autotest/core';
export default defineControl({
  name: 'sample', author: 'tests <tests@autotest.example>', doc: 'A job of a test.', type: 'client', ${head}
  async run(job) {
    ${body}
  },
});
`;
}
