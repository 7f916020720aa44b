import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readProcessStart } from '@autotest/core/node';
import { startLab } from '../src/index.ts';
import { missingForLab, ssh, until } from './support.ts';

const program = `
const { startLab } = await import(process.argv[1]);
const lab = await startLab({ hosts: { namespace: 2 } });
console.log(JSON.stringify({ netns: lab.network.netns, pids: lab.hosts.map((host) => host.machine.inside.pid) }));
setInterval(() => {}, 1000);
`;

describe.skipIf(missingForLab())('A lab whose process is killed', () => {
  test('takes its hosts with it, and the next lab deletes what it left in the kernel', async () => {
    const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      ['--conditions=@autotest/source', '--input-type=module', '--eval', program, entry],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      child.once('exit', () => reject(new Error('it ended by itself')));
    });
    const { netns, pids } = JSON.parse(line) as { netns: string; pids: number[] };
    expect(pids.every((pid) => readProcessStart(pid) !== undefined)).toBe(true);
    child.removeAllListeners('exit');
    child.kill('SIGKILL');
    await until(() => pids.every((pid) => readProcessStart(pid) === undefined));
    expect(existsSync(`/run/netns/${netns}-ns-1`)).toBe(true);

    const lab = await startLab({ hosts: { namespace: 1 } });
    try {
      expect(lab.network.netns).toBe(netns);
      expect(existsSync(`/run/netns/${netns}-ns-2`)).toBe(false);
      const [host] = lab.hosts;
      expect(host && (await ssh(host, 'echo fine'))).toMatchObject({ stdout: 'fine\n' });
    } finally {
      await lab.close();
    }
    expect(readdirSync('/run/netns').filter((name) => name.startsWith(netns))).toEqual([]);
  });
});

describe.skipIf(missingForLab())('Labs', () => {
  test('may be several at once, each in a block of its own, and one that ends leaves the others alone', async () => {
    const [one, two] = await Promise.all([
      startLab({ hosts: { namespace: 1 } }),
      startLab({ hosts: { namespace: 1 } }),
    ]);
    try {
      const [first, second] = [one.host('ns-1'), two.host('ns-1')];
      expect(first.address).not.toBe(second.address);
      expect(await ssh(first, 'echo one', { hostKey: first.hostKey })).toMatchObject({ stdout: 'one\n' });
      await one.close();
      expect(await ssh(second, 'echo two', { hostKey: second.hostKey })).toMatchObject({ stdout: 'two\n' });
      // The address of the one that ended leads nowhere: no packet for it may leave this machine.
      expect((await ssh(first, 'true')).stderr).toMatch(/Invalid argument|No route to host|unreachable/);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });

  test('may have a hundred hosts, and tell which one does not come up', async () => {
    const lab = await startLab({ hosts: { namespace: 100 } });
    try {
      const names = await Promise.all(lab.hosts.slice(0, 100).map((host) => host.waitUp().then(() => host.name)));
      expect(new Set(names).size).toBe(100);
      const last = lab.host('ns-100');
      expect(await ssh(last, 'hostname', { hostKey: last.hostKey })).toMatchObject({ stdout: 'ns-100\n' });
      await last.machine.powerOff();
      await expect(last.waitUp(500)).rejects.toThrow(/Host ns-100 does not answer at 198\.18\./);
    } finally {
      await lab.close();
    }
  });

  test('leave nothing when their start is aborted', async () => {
    const stop = new AbortController();
    const labs = (): string[] => readdirSync('/run/netns').filter((name) => name.startsWith('atlab'));
    const before = labs();
    const starting = startLab({ hosts: { namespace: 20 }, signal: stop.signal });
    setTimeout(() => stop.abort(new Error('not now')), 400);
    await expect(starting).rejects.toThrow('not now');
    expect(labs()).toEqual(before);
  });
});
