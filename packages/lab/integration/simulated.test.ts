import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import ssh2 from 'ssh2';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSimulatedHosts, type SimulatedHost, type SimulatedHosts } from '../src/index.ts';

interface Answer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly error?: string;
}

/** Runs a command by ssh2's client; never throws. */
function exec(host: SimulatedHost, command: string, maxBytes = 1_000_000): Promise<Answer> {
  return new Promise((resolve) => {
    const client = new ssh2.Client();
    const got = { exitCode: undefined as number | undefined, stdout: '', stderr: '' };
    const end = (error?: string): void => {
      resolve({ ...got, ...(error !== undefined && { error }) });
      client.destroy();
    };
    client.on('error', (error) => end(error.message));
    client.on('close', () => end('closed'));
    client.on('ready', () =>
      client.exec(command, (error, channel) => {
        if (error) return end(error.message);
        channel.on('data', (chunk: Buffer) => {
          got.stdout += chunk.toString();
          if (got.stdout.length > maxBytes) end('too much');
        });
        channel.stderr.on('data', (chunk: Buffer) => (got.stderr += chunk.toString()));
        channel.on('exit', (code: number) => (got.exitCode = code));
        channel.on('close', () => end());
      }),
    );
    const hostVerifier = (key: Buffer): boolean => key.toString('base64') === host.hostKey.split(' ')[1];
    client.connect({
      host: host.address,
      port: host.port,
      username: host.user,
      privateKey: readFileSync(host.keyFile),
      readyTimeout: 60_000,
      hostVerifier,
    });
  });
}

describe('Simulated hosts', () => {
  let lab: SimulatedHosts;
  beforeAll(async () => {
    lab = await startSimulatedHosts({ count: 1000 });
  });
  afterAll(() => lab?.close());
  const hostAt = (index: number): SimulatedHost => lab.hosts.at(index) as SimulatedHost;

  test('answer true, all thousand of them', async () => {
    const left = [...lab.hosts];
    const answers: Answer[] = [];
    const work = async (): Promise<void> => {
      for (let host = left.pop(); host !== undefined; host = left.pop()) answers.push(await exec(host, 'true'));
    };
    await Promise.all(Array.from({ length: 32 }, work));
    expect(answers.filter(({ exitCode }) => exitCode === 0)).toHaveLength(1000);
  });

  test('let OpenSSH in', async () => {
    const { keyFile, port, user, address } = hostAt(7);
    const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR', 'BatchMode=yes'];
    const stdout = await new Promise((resolve, reject) => {
      execFile(
        'ssh',
        [
          '-F',
          'none',
          '-i',
          keyFile,
          ...options.flatMap((text) => ['-o', text]),
          '-p',
          `${port}`,
          `${user}@${address}`,
          'hostname && echo "and more"; nothing || id -u',
        ],
        (error, out) => (error ? reject(error) : resolve(out)),
      );
    });
    expect(stdout).toBe('sim-8\nand more\n0\n');
  });

  test('reboot with another boot id', async () => {
    const host = hostAt(1);
    const ask = (): Promise<Answer> => exec(host, 'cat /proc/sys/kernel/random/boot_id');
    const before = await ask();
    await exec(host, 'reboot');
    await new Promise((resolve) => {
      setTimeout(resolve, 300);
    });
    const after = await ask();
    expect(before.stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    expect(after.stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    expect(after.stdout).not.toBe(before.stdout);
  });

  test('behave badly, each in its way', async () => {
    const host = hostAt(2);
    await host.behave('refusing');
    expect((await exec(host, 'true')).error).toContain('ECONNREFUSED');
    await host.behave('wrongKey');
    expect((await exec(host, 'true')).error).toContain('Host denied (verification failed)');
    await host.behave('endlessOutput');
    expect(await exec(host, 'true')).toMatchObject({ error: 'too much' });
    await host.behave('dropsMidCommand');
    expect(await exec(host, 'true')).toMatchObject({ exitCode: undefined, error: 'closed' });
    await host.behave('maxStartups');
    expect(await firstBytes(host, 100)).toBe('Exceeded MaxStartups\r\n');
    await host.behave('bannerFlood');
    expect((await firstBytes(host, 5_000_000)).length).toBeGreaterThanOrEqual(5_000_000);
    await host.behave('slow');
    expect(await exec(host, 'echo late')).toMatchObject({ exitCode: 0, stdout: 'late\n' });
    await host.behave('normal');
    expect(await exec(host, 'false')).toMatchObject({ exitCode: 1 });
  });

  test('may be dead: the connection is accepted, and nothing is said', async () => {
    const host = hostAt(3);
    await host.behave('dead');
    const socket = connect(host.port, host.address);
    const said = await new Promise((resolve) => {
      socket.once('connect', () => setTimeout(resolve, 500, 'nothing'));
      socket.once('data', resolve);
      socket.once('close', () => resolve('closed'));
    });
    socket.destroy();
    expect(said).toBe('nothing');
  });

  test('run real commands in a HOME of their own, where that is asked for, and end them with the session', async () => {
    const other = await startSimulatedHosts({ count: 2, mode: 'shell' });
    try {
      const [one, two] = other.hosts as [SimulatedHost, SimulatedHost];
      expect(one.address).not.toBe(hostAt(0).address);
      expect(await exec(one, 'echo mine > ~/file; cat ~/file; exit 3')).toMatchObject({
        stdout: 'mine\n',
        exitCode: 3,
      });
      expect((await exec(two, 'cat ~/file')).stderr).toContain('No such file');
      const pid = (await exec(one, 'echo $$; exec yes', 100)).stdout.split('\n')[0];
      for (let alive = true; alive; alive = (await exec(one, `kill -0 ${pid}`)).exitCode === 0);
    } finally {
      await other.close();
    }
  });
});

/** What a host sends first, up to so many bytes. */
function firstBytes(host: SimulatedHost, maxBytes: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(host.port, host.address);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      if (text.length >= maxBytes) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}
