import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readProcessStart, runLocal } from '@autotest/core/node';
import { until } from './lib/session.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'autotest-run-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Pids that a script wrote, one a line. */
function pids(): number[] {
  try {
    return readFileSync(join(dir, 'pids'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

describe('a command on this machine', () => {
  it('gives what it wrote and how it ended, whatever that was', async () => {
    const good = await runLocal(['sh', '-c', 'cat; echo $A >&2; pwd'], {
      stdin: 'hello ',
      env: { A: 'b c' },
      cwd: dir,
    });
    expect(good).toMatchObject({
      exitCode: 0,
      stdout: `hello ${dir}\n`,
      stderr: 'b c\n',
      timedOut: false,
      truncatedBytes: 0,
    });
    expect(await runLocal('exit 7')).toMatchObject({ exitCode: 7, command: 'exit 7' });
    expect(await runLocal('kill -TERM $$')).toMatchObject({ signal: 'SIGTERM', timedOut: false });
    const missing = await runLocal(['/no/such/program', 'x']);
    expect(missing.exitCode).toBeUndefined();
    expect(missing.stderr).toContain('ENOENT');
    expect((await runLocal(['true'], { cwd: '/no/such/dir' })).exitCode).toBeUndefined();
    expect((await runLocal(['sleep', '\0'])).stderr).not.toBe('');
  });

  it('passes arguments on as they are, and shows a label instead of a secret', async () => {
    const args = ['a b', '$HOME', '"\'', 'x\ny', '*', ''];
    const { stdout } = await runLocal(['printf', '[%s]', ...args]);
    expect(stdout).toBe(args.map((arg) => `[${arg}]`).join(''));
    expect((await runLocal(['true', 'secret'], { label: 'true ***' })).command).toBe('true ***');
  });

  it('keeps the first bytes of much output, counts the rest, and passes all of it on', async () => {
    let seen = 0;
    const result = await runLocal('head -c 3000000 /dev/zero; head -c 10 /dev/zero >&2', {
      maxOutputBytes: 1000,
      onOutput: (chunk) => (seen += chunk.length),
    });
    expect(result.stdout).toHaveLength(1000);
    expect(result.truncatedBytes).toBe(2_999_000);
    expect(seen).toBe(3_000_010);
  });

  it('is ended at its timeout with its whole process group', async () => {
    const script =
      'echo $$ >> pids; (trap "" TERM; echo $(exec sh -c "echo \\$PPID") >> pids; sleep 600 & echo $! >> pids; wait) & sleep 601';
    const result = await runLocal(script, { cwd: dir, timeout: 300, killGraceMs: 200 });
    expect(result).toMatchObject({ timedOut: true, aborted: false });
    expect(pids().length).toBeGreaterThanOrEqual(2);
    await until(() => pids().every((pid) => readProcessStart(pid) === undefined), 'all are gone');
  });

  it('is ended by a signal, also before it begins', async () => {
    const controller = new AbortController();
    const running = runLocal('echo $$ > pids; sleep 600', { cwd: dir, signal: controller.signal });
    await until(() => pids().length === 1, 'it runs');
    controller.abort();
    expect(await running).toMatchObject({ aborted: true, timedOut: false });
    expect(await runLocal('touch never', { cwd: dir, signal: controller.signal })).toMatchObject({ aborted: true });
  });

  it('does not wait for a daemon that keeps its output open', async () => {
    const result = await runLocal('sleep 600 & echo $! > pids; echo started', { cwd: dir });
    expect(result).toMatchObject({ exitCode: 0, stdout: 'started\n', timedOut: false });
    for (const pid of pids()) process.kill(pid, 'SIGKILL');
  });
});
