import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasSshd, startSshd, type Sshd } from '@autotest/core/testing';
import { runOnHosts, type HostResult } from '../src/hosts/fan-out.ts';
import { eventually, isRunning, Lab, sshHost } from './support.ts';

const program = fileURLToPath(new URL('../dist/autoserv.mjs', import.meta.url));

describe.runIf(hasSshd())('a command on many hosts', () => {
  let sshd: Sshd;
  let silent: Server;
  let silentPort: number;
  let lab: Lab;
  let dir: string;
  beforeAll(async () => {
    sshd = await startSshd({ hosts: 5 });
    silent = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    silentPort = typeof address === 'object' && address ? address.port : 0;
    lab = new Lab();
    dir = mkdtempSync(join(tmpdir(), 'autoserv-exec-'));
  });
  afterAll(async () => {
    await sshd.close();
    await new Promise((resolve) => silent.close(resolve));
    await lab.dispose();
    rmSync(dir, { recursive: true });
  });

  const hosts = () => sshd.hosts.map((host) => sshHost(host));

  test('gives each host its own result, whatever happens to others', async () => {
    const [first] = hosts();
    if (!first) throw new Error('no host');
    const all = [
      ...hosts(),
      { ...first, name: 'refused', port: 1 },
      { ...first, name: 'silent', address: '127.0.0.1', port: silentPort },
      { ...first, name: 'stranger', hostKeys: [sshd.hosts[1]?.hostKey ?? ''] },
    ];
    const results = new Map<string, HostResult>();
    for await (const result of runOnHosts(all, 'echo "$0 $PPID"; [ -n "$SSH_CONNECTION" ]', {
      parallel: 3,
      connecting: 2,
      connectTimeout: '1 s',
    }))
      results.set(result.host, result);
    expect(results.size).toBe(8);
    for (const { name } of hosts()) expect(results.get(name)?.result).toMatchObject({ exitCode: 0 });
    expect(results.get('refused')?.error).toMatchObject({ code: 'AT_HOST_UNREACHABLE' });
    expect(results.get('silent')?.error).toMatchObject({ code: 'AT_HOST_UNREACHABLE' });
    expect(results.get('stranger')?.error).toMatchObject({ code: 'AT_HOST_KEY_MISMATCH' });
  });

  test('runs on no more hosts at once than it may', async () => {
    const counter = join(dir, 'counter');
    const script = `mkdir ${counter}.$$; ls -d ${counter}.* | wc -l; sleep 0.3; rmdir ${counter}.$$`;
    const seen: number[] = [];
    for await (const { result } of runOnHosts(hosts(), script, { parallel: 2 })) seen.push(Number(result?.stdout));
    expect(seen).toHaveLength(5);
    expect(Math.max(...seen)).toBeLessThanOrEqual(2);
  });

  test('ends on the hosts when its time is over, and when nobody reads on', async () => {
    const late = [];
    for await (const { result } of runOnHosts(hosts(), ['sleep', lab.nap], { timeout: 300 }))
      late.push(result?.timedOut);
    expect(late).toEqual([true, true, true, true, true]);
    const [first, ...rest] = hosts();
    if (!first) throw new Error('no host');
    const script = `[ "$SSH_CONNECTION" ] && case "$SSH_CONNECTION" in *" ${first.address} "*) exit 0;; esac; sleep ${lab.nap}`;
    for await (const { host } of runOnHosts([first, ...rest], script)) {
      expect(host).toBe(first.name);
      break;
    }
    await eventually('the end of all', () => !isRunning(`sleep ${lab.nap}`) || undefined);
  });

  test('autotest exec prints lines with their hosts, groups equal ones, and gives the worst exit code', async () => {
    const file = join(dir, 'hosts');
    const machines = sshd.hosts.map(({ user, address, port }) => `${user}@${address}:${port}`);
    const keys = sshd.hosts.map(({ keyFile }) => keyFile);
    writeFileSync(file, `${machines[0]} # the first\n\n`);
    const one = await exec(['-M', file, '--ssh-key', keys[0] ?? '', '--', 'printf "a\\nb\\033[31m"; exit 3']);
    expect(one.exitCode).toBe(3);
    expect(one.stdout).toMatch(/^127\.0\.1\.1: a\n127\.0\.1\.1: b\\x1b\[31m\n$/);
    expect(one.stderr).toContain('exit code 3');
    const down = await exec(['-m', `local,127.0.0.1:1`, '--ssh-key', keys[0] ?? '', '--', 'echo', '$HOME  x']);
    expect(down).toMatchObject({ exitCode: 255, stdout: 'local: $HOME  x\n' });
    expect(down.stderr).toMatch(/127\.0\.0\.1: .*refused/);
    const group = await exec(['-b', '-m', `local,${machines[0]}`, '--ssh-key', keys[0] ?? '', '--', 'echo same']);
    expect(group).toMatchObject({ exitCode: 0 });
    expect(group.stdout).toContain('127.0.1.1,local (2)\n---------------\nsame\n');
    expect(await exec(['-m', 'local'])).toMatchObject({ exitCode: 64 });
    expect(await exec(['--', 'true'])).toMatchObject({ exitCode: 64 });
  });
});

function exec(args: readonly string[]): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [program, 'exec', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr })));
}
