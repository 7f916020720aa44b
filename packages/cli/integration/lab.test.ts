import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missingService } from '@autotest/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../bin/autotest.js', import.meta.url));
const missing =
  missingService('ip') ??
  missingService('sshd') ??
  (process.getuid?.() === 0 || process.env.AUTOTEST_REQUIRE_SERVICES === '1' ? undefined : 'a lab needs root');

interface Said {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe('autotest lab', () => {
  let dir: string;
  let up: ChildProcess | undefined;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'autotest-lab-cli-'));
  });
  afterAll(async () => {
    await end();
    rmSync(dir, { recursive: true, force: true });
  });

  function cli(...args: string[]): Promise<Said> {
    return cliWith('', ...args);
  }

  function cliWith(input: string, ...args: string[]): Promise<Said> {
    const child = spawn(program, ['lab', ...args, '--dir', dir]);
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
    child.stdin.end(input);
    return new Promise((resolve) => {
      child.on('close', (exitCode) => resolve({ exitCode, ...said }));
    });
  }

  async function start(...args: string[]): Promise<void> {
    const child = spawn(program, ['lab', 'up', ...args, '--dir', dir], { stdio: ['ignore', 'pipe', 'pipe'] });
    up = child;
    let text = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('The lab is up')) resolve();
      });
      child.on('exit', () => reject(new Error(text)));
    });
  }

  async function end(): Promise<number | null | undefined> {
    const child = up;
    up = undefined;
    if (!child) return undefined;
    if (child.exitCode === null) {
      const ended = new Promise((resolve) => {
        child.once('exit', resolve);
      });
      child.kill('SIGTERM');
      await ended;
    }
    return child.exitCode;
  }

  test('without a lab, every command says how to start one', async () => {
    for (const command of [
      ['list'],
      ['down'],
      ['power', 'ns-1', 'off'],
      ['fault', 'ns-1', 'cut'],
      ['console', 'ns-1'],
    ]) {
      const said = await cli(...command);
      expect(said.stderr).toContain('Start one with `autotest lab up`');
      expect(said.exitCode).toBe(2);
    }
  });

  test('simulated hosts: listed, made dead, and well again', async () => {
    await start('--simulated', '3');
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    const list = async (): Promise<{ name: string; faults: string[] }[]> =>
      JSON.parse((await cli('list', '-o', 'json')).stdout) as { name: string; faults: string[] }[];
    expect((await list()).map(({ name }) => name)).toEqual(['sim-1', 'sim-2', 'sim-3']);
    expect(await cli('fault', 'sim-2', 'dead')).toMatchObject({ exitCode: 0 });
    expect((await list()).map(({ faults }) => faults)).toEqual([[], ['dead'], []]);
    expect(await cli('fault', 'sim-2', 'dead', '--undo')).toMatchObject({ exitCode: 0 });
    expect((await list()).map(({ faults }) => faults)).toEqual([[], [], []]);
    expect((await cli('fault', 'sim-2', 'cut')).stderr).toContain('There is no fault cut for simulated hosts.');
    expect((await cli('power', 'sim-1', 'off')).stderr).toContain('simulated: it has no power');
    expect((await cli('up', '--simulated', '1')).stderr).toContain('A lab runs in');
    expect(await end()).toBe(0);
  });

  test.skipIf(missing)('real hosts: power, faults with a time, console and down', async () => {
    await start('--hosts', '1');
    expect(await cli('power', 'ns-1', 'status')).toMatchObject({ stdout: 'on\n' });
    expect(await cli('power', 'ns-1', 'off')).toMatchObject({ stdout: 'off\n' });
    expect(await cli('power', 'ns-1', 'status')).toMatchObject({ stdout: 'off\n' });
    expect(await cli('reboot', 'ns-1')).toMatchObject({ exitCode: 0, stderr: 'ns-1 is up again.\n' });
    expect(await cli('fault', 'ns-1', 'cut', '--for', '100 ms')).toMatchObject({ exitCode: 0 });
    for (let faulty = true; faulty; faulty = (await cli('list')).stdout.includes('cut'));
    const typed = await cliWith('echo $((6*7)) on $(hostname)\n', 'console', 'ns-1');
    expect(typed.stdout).toContain('42 on ns-1');
    expect((await cli('fault', 'ns-1', 'dance')).stderr).toContain(
      'There is no fault dance for real hosts. There are: cut, ',
    );
    const ended = new Promise((resolve) => {
      up?.once('exit', resolve);
    });
    expect(await cli('down')).toMatchObject({ exitCode: 0 });
    expect(await ended).toBe(0);
  });

  test('faults are listed with what they do', async () => {
    const child = await new Promise<string>((resolve) => {
      const listing = spawn(program, ['lab', 'faults']);
      let text = '';
      listing.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
      listing.on('close', () => resolve(text));
    });
    expect(child).toMatch(/^cut +pulls the network cable/m);
    expect(child).toMatch(/^loss +how many of a hundred: 30 +loses some/m);
  });
});
