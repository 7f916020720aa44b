import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { faultNames, startLab, type FaultName, type Lab, type LabHost, type Undo } from '../src/index.ts';
import { missingForLab, ssh, until } from './support.ts';

describe.skipIf(missingForLab())('Faults', () => {
  let lab: Lab;
  let host: LabHost;
  const undos: Undo[] = [];
  const fault = async (name: FaultName, value?: string): Promise<Undo> => {
    const undo = await lab.fault('ns-1', name, value);
    undos.push(undo);
    return undo;
  };
  beforeAll(async () => {
    lab = await startLab({ hosts: { namespace: 2 } });
    host = lab.host('ns-1');
  });
  afterEach(async () => {
    for (const undo of undos.splice(0)) await undo();
    await host.waitUp();
  });
  afterAll(() => lab?.close());

  const isUp = async (): Promise<boolean> => (await ssh(host, 'true', { connectTimeoutS: 2 })).exitCode === 0;

  test.each(['cut', 'drop', 'freeze', 'kill'] as const)(
    '%s: the host is out of reach, its neighbour is not, and all is well afterwards',
    async (name) => {
      const open = ssh(host, 'sleep 100');
      await until(async () => (await ssh(host, 'pgrep -f "^sleep 100"')).exitCode === 0);
      const undo = await fault(name);
      expect(await ssh(host, 'true', { connectTimeoutS: 2 })).toMatchObject({ exitCode: 255 });
      expect(await ssh(lab.host('ns-2'), 'echo fine')).toMatchObject({ stdout: 'fine\n' });
      expect((await open).exitCode).toBe(255);
      await undo();
      await undo();
      await host.waitUp();
      expect(await isUp()).toBe(true);
    },
  );

  test('drop also holds between two hosts of the lab', async () => {
    const ask = `timeout 3 bash -c 'exec 3<>/dev/tcp/${host.address}/22; head -c 4 <&3'`;
    expect(await ssh(lab.host('ns-2'), ask)).toMatchObject({ stdout: 'SSH-' });
    const undo = await fault('drop');
    expect((await ssh(lab.host('ns-2'), ask)).exitCode).toBe(124);
    await undo();
  });

  test('refuse: a new connection is refused, an open one goes on', async () => {
    const open = ssh(host, 'touch /tmp/begun; sleep 3; echo went on');
    await until(async () => (await ssh(host, 'test -e /tmp/begun')).exitCode === 0);
    const undo = await fault('refuse');
    expect((await ssh(host, 'true')).stderr).toContain('Connection refused');
    expect(await open).toMatchObject({ stdout: 'went on\n' });
    await undo();
    expect(await isUp()).toBe(true);
  });

  test('loss: packets are missing, and TCP carries on', async () => {
    const undo = await fault('loss', '30');
    const pinged = await ssh(
      lab.host('ns-2'),
      `for n in $(seq 40); do timeout 0.2 bash -c 'echo > /dev/tcp/${host.address}/22' 2>/dev/null && echo got; done | wc -l`,
    );
    expect(Number(pinged.stdout)).toBeGreaterThan(0);
    expect(Number(pinged.stdout)).toBeLessThan(40);
    await undo();
    expect(await isUp()).toBe(true);
  });

  test('slow: the queue at both ends has the rate, and what is sent arrives', async () => {
    const undo = await fault('slow', '512kbit');
    expect((await ssh(host, 'tc qdisc show dev eth0')).stdout).toContain('rate 512Kbit');
    expect((await ssh(host, 'head -c 50000 /dev/zero | wc -c')).stdout.trim()).toBe('50000');
    await undo();
    expect((await ssh(host, 'tc qdisc show dev eth0')).stdout).not.toContain('tbf');
  });

  test('fill: nothing can be written below the directory, and what was there is seen', async () => {
    await ssh(host, 'mkdir -p /var/tmp/data; echo old > /var/tmp/data/file');
    const undo = await fault('fill', '/var/tmp');
    const full = await ssh(host, 'cat /var/tmp/data/file; head -c 100000 /dev/zero > /var/tmp/data/new');
    expect(full.stdout).toBe('old\n');
    expect(full.stderr).toContain('No space left on device');
    await undo();
    expect((await ssh(host, 'head -c 100000 /dev/zero > /var/tmp/data/new')).exitCode).toBe(0);
  });

  test('killSshd: new connections are refused, an open session goes on', async () => {
    const open = ssh(host, 'touch /tmp/open; sleep 3; echo went on');
    await until(async () => (await ssh(host, 'test -e /tmp/open')).exitCode === 0);
    const undo = await fault('killSshd');
    expect((await ssh(host, 'true')).stderr).toContain('Connection refused');
    expect(await open).toMatchObject({ stdout: 'went on\n' });
    await undo();
    await host.waitUp();
  });

  test('killSessions: an open session breaks, what it started goes on, and new ones are let in', async () => {
    const open = ssh(host, 'setsid sleep 77 & touch /tmp/session; sleep 50');
    await until(async () => (await ssh(host, 'test -e /tmp/session')).exitCode === 0);
    await fault('killSessions');
    expect((await open).exitCode).toBe(255);
    expect((await ssh(host, 'pgrep -f "^sleep 77"')).exitCode).toBe(0);
  });

  test('changeHostKey: whoever pinned the key refuses the host, until it is back', async () => {
    const undo = await fault('changeHostKey');
    await until(async () => (await ssh(host, 'true')).exitCode === 0);
    const shown = await ssh(host, 'true', { hostKey: host.hostKey });
    expect(shown).toMatchObject({ exitCode: 255 });
    expect(shown.stderr).toContain('Host key verification failed');
    await undo();
    await until(async () => (await ssh(host, 'true', { hostKey: host.hostKey })).exitCode === 0);
  });

  test('clock: sessions see another year, the machine below does not', async () => {
    const undo = await fault('clock', '-52 weeks');
    await until(async () => {
      const { stdout } = await ssh(host, 'date +%s');
      const behindS = Date.now() / 1000 - Number(stdout);
      return Math.abs(behindS - 52 * 7 * 86_400) < 3600;
    });
    await undo();
    await until(async () => Math.abs(Date.now() / 1000 - Number((await ssh(host, 'date +%s')).stdout)) < 3600);
  });

  test('deleteClient: its programs are gone, its sessions are not', async () => {
    await ssh(host, 'mkdir -p ~/.autotest/sessions/s1 ~/.autotest/runtime ~/.autotest/client');
    await fault('deleteClient');
    expect((await ssh(host, 'ls ~/.autotest')).stdout).toBe('sessions\n');
  });

  test('say what is wrong with their value', async () => {
    await expect(lab.fault('ns-1', 'loss', 'much')).rejects.toThrow('"much" is no percentage');
    await expect(lab.fault('ns-1', 'slow', '; reboot')).rejects.toThrow('is no rate');
    await expect(lab.fault('nobody', 'cut')).rejects.toThrow(
      'There is no host nobody in the lab. There are: ns-1, ns-2.',
    );
  });

  test('are each in the guide', () => {
    const guide = readFileSync(new URL('../../../docs/guides/lab.md', import.meta.url), 'utf8');
    for (const name of faultNames) expect(guide).toContain(`| \`${name}`);
  });
});
