import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StatusParserV1 } from '@autotest/core';
import { until } from './lib/session.ts';

const program = fileURLToPath(new URL('../bin/autotest-client.js', import.meta.url));
const started: ChildProcess[] = [];
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'autotest-standalone-'));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

function controlFile(run: string, params = '{}'): string {
  const file = join(dir, 'control.ts');
  writeFileSync(
    file,
    `import { defineControl } from '@autotest/core';
export default defineControl({
  name: 'alone', author: 'Tests', doc: 'Runs alone.', type: 'client', params: ${params},
  async run(job, params) {
    ${run}
  },
});
`,
  );
  return file;
}

function env(): NodeJS.ProcessEnv {
  return { ...process.env, XDG_CACHE_HOME: join(dir, 'cache'), NO_COLOR: '1' };
}

function runClient(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, [...args, '--results', join(dir, 'results')], {
    encoding: 'utf8',
    env: env(),
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

function result(path: string): string {
  return readFileSync(join(dir, 'results', path), 'utf8');
}

describe('the client without a server', () => {
  it('runs a control file, shows how it goes and writes the whole results directory', () => {
    const file = controlFile(
      `await job.runTest('sleep', { seconds: params.seconds });
       await job.group('errors', () => job.runTest('error_fail', { reason: 'no good' }));
       await job.runTest('disk', { sizeMb: 2 }, { iterations: 2, constraints: ['write > 0 and read > 0'] });
       await job.runTest('cpu', { seconds: 0.05 });`,
      `{ seconds: { type: 'number', default: 60 } }`,
    );
    const { status, stdout } = runClient(file, '--param', 'seconds=0.01');
    expect(stdout).toContain('errors/error_fail ✗ fail');
    expect(stdout).toContain('no good');
    expect(stdout).toMatch(/disk #2 {2}write = [\d.]+ MB\/s/);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('✗ fail  3 pass, 1 fail');
    expect(status).toBe(1);
    expect(JSON.parse(result('default/results.json'))).toMatchObject({
      outcome: 'fail',
      exitClass: 'testFailures',
      counts: { total: 4, pass: 3, fail: 1 },
    });
    expect(result('default/control.ts')).toContain('defineControl');
    expect(result('default/sysinfo/cpuinfo')).not.toBe('');
    expect(result('default/sleep/status.log')).toContain('GOOD\tsleep\tsleep');
    const tests: string[] = [];
    const problems: string[] = [];
    const parser = new StatusParserV1({
      onTest: ({ testname, status: word }) => tests.push(`${testname} ${word}`),
      onProblem: ({ why }) => problems.push(why),
    });
    for (const line of result('default/status.log').split('\n').slice(0, -1)) parser.feed(line);
    parser.end();
    expect(problems).toEqual([]);
    expect(tests).toEqual([
      'sleep GOOD',
      'error_fail FAIL',
      'errors FAIL',
      'disk GOOD',
      'cpu GOOD',
      'CLIENT_JOB.0 GOOD',
    ]);
  });

  it('keeps earlier results and refuses wrong arguments', () => {
    const file = controlFile(`job.record('pass', 'ran');`);
    expect(runClient(file).status).toBe(0);
    expect(runClient(file).status).toBe(0);
    expect(existsSync(join(dir, 'results/default.2/results.json'))).toBe(true);
    const wrong = runClient(file, '--param', 'sise=3');
    expect(wrong.status).toBe(64);
    expect(wrong.stderr).toContain("no parameter 'sise'");
    expect(runClient('--continue').stderr).toContain('has ended');
  });

  it('goes on behind a reboot and behind being killed', async () => {
    const file = controlFile(
      `await job.runTest('sleep', { seconds: 0.01 }, { tag: 'first' });
       await job.reboot();
       await job.runTest('sleep', { seconds: 600 }, { tag: 'long' });
       await job.runTest('sleep', { seconds: 0.01 }, { tag: 'last' });`,
    );
    const first = runClient(file);
    expect(first.status).toBe(5);
    expect(first.stdout).toContain('--continue');
    const child = spawn(program, ['--continue', '--results', join(dir, 'results')], { env: env() });
    started.push(child);
    const log = join(dir, 'results/default/sleep.long/debug/output.log');
    await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('sleeping'), 'the long test runs');
    const { pid }: { pid: number } = JSON.parse(result('default/.session/client.pid'));
    process.kill(pid, 'SIGKILL');
    await until(() => child.exitCode !== null, 'the runner notices');
    expect(child.exitCode).toBe(2);
    const last = runClient('--continue');
    expect(last.stdout).toContain('sleep.long ■ abort');
    expect(last.stdout).toContain('the client was killed while the test ran');
    expect(last.stdout).not.toContain('sleep.first …');
    expect(last.status).toBe(1);
    expect(JSON.parse(result('default/results.json'))).toMatchObject({ counts: { pass: 2, abort: 1, running: 0 } });
  });

  it('lets tests clean up when it is interrupted', async () => {
    const child = spawn(program, [controlFile(`await job.runTest('error_hang');`), '--results', join(dir, 'results')], {
      env: env(),
    });
    started.push(child);
    await until(() => existsSync(join(dir, 'results/default/error_hang/keyval')), 'it runs');
    child.kill('SIGINT');
    await until(() => child.exitCode !== null, 'it ends');
    expect(child.exitCode).toBe(3);
    expect(JSON.parse(result('default/results.json'))).toMatchObject({ exitClass: 'aborted', counts: { abort: 1 } });
  });

  it('ends each bundled error test as its name says', () => {
    const names = ['error', 'skip', 'warn', 'initialize', 'setup', 'cleanup', 'command', 'crash'];
    runClient(controlFile(names.map((name) => `await job.runTest('error_${name}');`).join('\n')));
    const { results }: { results: { name: string; outcome: string }[] } = JSON.parse(result('default/results.json'));
    expect(results.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'error_error error',
      'error_skip skip',
      'error_warn warn',
      'error_initialize error',
      'error_setup error',
      'error_cleanup error',
      'error_command error',
      'error_crash error',
    ]);
    runClient(controlFile(`await job.runTest('error_job'); await job.runTest('sleep');`), '--tag', 'job');
    expect(JSON.parse(result('job/results.json'))).toMatchObject({ outcome: 'abort', counts: { total: 1, abort: 1 } });
  });
});
