import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ownResults, showJob } from './support/facts.ts';
import { startLab, waitFor } from './support/lab.ts';

const hello = fileURLToPath(new URL('../../../examples/hello/control.ts', import.meta.url));

describe('the hello example', () => {
  it('runs from the command line to verdict, tree, metrics and exit code 0', async () => {
    const lab = await startLab();
    expect((await lab.cli('host', 'add', 'localhost', '--transport', 'local')).exitCode).toBe(0);
    const run = await lab.cli('run', hello);
    expect(run.stderr).toContain('localhost: running');
    expect(run.stdout).toMatch(/Job 1 hello: passed/);
    expect(run.stdout).toMatch(/✓ benchmarks/);
    expect(run.stdout).toMatch(/✓ says it politely/);
    expect(run.stdout).toMatch(/cpu .*MB\/s\s+3/);
    expect(run.exitCode).toBe(0);
  });

  it('is seen the same by job list, job show, job logs and results show', async () => {
    const lab = await startLab();
    await lab.cli('host', 'add', 'localhost', '--transport', 'local');
    await lab.cli('run', hello, '--quiet', '--param', 'seconds=0', '--name', 'first hello');
    const list = JSON.parse((await lab.cli('job', 'list', '-o', 'json')).stdout) as { name: string; outcome: string }[];
    expect(list).toMatchObject([{ name: 'first hello', outcome: 'passed' }]);
    expect((await lab.cli('job', 'list', '--classic')).stdout).toContain('1 Completed');

    const shown = JSON.parse((await lab.cli('job', 'show', '1', '-o', 'json')).stdout) as {
      results: { path: string; outcome: string }[];
      executions: { purpose: string; tag: string }[];
      counts: { total: number; pass: number };
    };
    const tag = shown.executions.find((execution) => execution.purpose === 'job')?.tag ?? '';
    const fromFiles = JSON.parse((await lab.cli('results', 'parse', `${lab.dataDir}/results/${tag}`)).stdout) as {
      jobs: { nodes: { path: string; outcome: string }[] }[];
      problems: string[];
    };
    expect(fromFiles.problems).toEqual([]);
    const jobNodes = shown.results.filter((result) => !result.path.startsWith('verify'));
    expect(fromFiles.jobs[0]?.nodes.map(({ path, outcome }) => [path, outcome])).toEqual(
      jobNodes.map(({ path, outcome }) => [path, outcome]),
    );
    expect((await lab.cli('results', 'show', `${lab.dataDir}/results/${tag}`)).stdout).toContain('✓ benchmarks');
    expect((await lab.cli('job', 'logs', '1')).stdout.length).toBeGreaterThan(0);
    expect(readFileSync(`${lab.dataDir}/results/${tag}/status.log`, 'utf8')).toMatch(/START\tsleep\tsleep\t/);
  });

  it('runs again as it was, from the bundle that the server has', async () => {
    const lab = await startLab();
    await lab.cli('host', 'add', 'localhost', '--transport', 'local');
    await lab.cli('run', hello, '--quiet', '--param', 'seconds=0', '--param', 'iterations=1', '--host', 'localhost');
    const rerun = await lab.cli('job', 'rerun', '1');
    expect(rerun.stdout.trim(), rerun.stderr).toBe('2');
    expect((await lab.cli('job', 'watch', '2')).exitCode).toBe(0);
    const [first, second] = [await showJob(lab, '1'), await showJob(lab, '2')];
    expect(ownResults(second)).toEqual(ownResults(first));
    expect(second.params).toEqual(first.params);
  });

  it('is not disturbed by a second start on the same data', async () => {
    const lab = await startLab();
    const second = await lab.cli('up', '--data', lab.dataDir, '--port', '0');
    expect(second.exitCode).toBe(2);
    expect(second.stderr).toContain('runs already on this machine');
    expect((await lab.cli('job', 'list', '-o', 'json')).stdout.trim()).toBe('[]');
  });

  it('says why it waits, and runs when nothing holds it any more', async () => {
    const lab = await startLab();
    await lab.cli('host', 'add', 'localhost', '--transport', 'local');
    await lab.cli('host', 'lock', 'localhost', '--reason', 'new firmware');
    await lab.cli('job', 'create', hello, '--param', 'seconds=0', '--param', 'iterations=1');
    await waitFor(
      async () => (await lab.cli('job', 'show', '1')).stdout.includes('new firmware'),
      'the reason to show',
    );
    await lab.cli('host', 'unlock', 'localhost');
    expect((await lab.cli('job', 'watch', '1')).exitCode).toBe(0);
  });

  it('can be aborted while it runs, and the verdict says by whom', async () => {
    const lab = await startLab();
    await lab.cli('host', 'add', 'localhost', '--transport', 'local');
    const watched = lab.cliStart('run', hello, '--param', 'seconds=60');
    await waitFor(async () => (await lab.cli('job', 'show', '1')).stdout.includes('sleep'), 'the sleep test to start');
    const abort = await lab.cli('job', 'abort', '1', '--reason', 'seen enough');
    expect(abort.stderr).toContain('being aborted');
    const run = await watched.done;
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toMatch(/aborted/);
    expect(run.stdout).toContain('seen enough');
    const hosts = JSON.parse((await lab.cli('host', 'list', '-o', 'json')).stdout) as { state: string }[];
    expect(hosts[0]?.state).toMatch(/ready|cleaning|verifying/);
  });
});
