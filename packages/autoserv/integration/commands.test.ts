import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RecordBody } from '@autotest/core';
import { hasSshd, startSshd, startTcpProxy, type Sshd, type SshdHost } from '@autotest/core/testing';
import { HostConnection, type ConnectionOptions } from '../src/hosts/connection.ts';
import { hashFile, uploadFile } from '../src/hosts/upload.ts';
import { eventually, isRunning, Lab, processesWith, sshHost } from './support.ts';

let sshd: Sshd;
let one: SshdHost;
beforeAll(async () => {
  if (!hasSshd()) return;
  sshd = await startSshd({ hosts: 1 });
  const [first] = sshd.hosts;
  if (!first) throw new Error('no host');
  one = first;
});
afterAll(() => sshd?.close());

const records: RecordBody[] = [];
const options: ConnectionOptions = {
  reconnectMs: 5000,
  connectTimeoutMs: 10_000,
  firstAttempts: 1,
  record: (body) => records.push(body),
  env: { PATH: process.env.PATH, HOME: '/nonexistent' },
};

describe.runIf(hasSshd()).each(['ssh', 'local'] as const)('commands by %s', (transport) => {
  let connection: HostConnection;
  let lab: Lab;
  beforeAll(() => {
    lab = new Lab();
    connection = new HostConnection(transport === 'ssh' ? sshHost(one) : lab.localHost(), options);
  });
  afterAll(async () => {
    await connection.close();
    await lab.dispose();
  });

  test('give exit code, stdout and stderr', async () => {
    const result = await connection.exec('echo out; echo err >&2; exit 3');
    expect(result).toMatchObject({ exitCode: 3, stdout: 'out\n', stderr: 'err\n', timedOut: false, aborted: false });
  });

  test('give the signal that ended them', async () => {
    const result = await connection.exec(['sh', '-c', 'kill -KILL $$']);
    expect(result).toMatchObject({ signal: 'SIGKILL', stdout: '' });
    expect(result.exitCode).toBeUndefined();
  });

  test('say that a program is missing', async () => {
    const result = await connection.exec(['no-such-program-here']);
    expect(result.exitCode).toBe(127);
    expect(result.stderr).not.toBe('');
  });

  test('get stdin, environment and directory', async () => {
    const result = await connection.exec('cat; printf "%s" "$GREETING"; pwd', {
      stdin: "a 'b'\n",
      env: { GREETING: `it's $HOME "fine"` },
      cwd: '/usr',
    });
    expect(result.stdout).toBe(`a 'b'\nit's $HOME "fine"/usr\n`);
  });

  test('get every argument as it is', async () => {
    const word = fc
      .string({ unit: 'binary', maxLength: 40 })
      .filter((text) => !text.includes('\0') && text.isWellFormed());
    const odd = fc.constantFrom(
      '',
      ' ',
      "'",
      '"',
      '\\',
      '\n',
      '$(id)',
      '`id`',
      '-oProxyCommand=id',
      '*',
      '~',
      '!',
      '\r\n',
      'ü€😀',
      ';',
      '&',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(word, odd), { minLength: 1, maxLength: 5 }), async (words) => {
        const result = await connection.exec(['printf', '%s\\0', ...words]);
        expect(result.stdout).toBe(words.map((text) => `${text}\0`).join(''));
      }),
      { numRuns: 60 },
    );
  });

  test('keep as many lines and bytes as they are asked to, and count the rest', async () => {
    const limits = { maxOutputLines: 2, maxOutputBytes: 8 };
    const short = await connection.exec('printf "a\nb\n"; sleep 0.1; printf "c\nd\n"', limits);
    expect(short).toMatchObject({ stdout: 'a\nb\n', truncatedBytes: 4 });
    expect(await connection.exec('echo 0123456789', limits)).toMatchObject({ stdout: '01234567', truncatedBytes: 3 });
    expect(await connection.exec('printf "x\ny"', limits)).toMatchObject({ stdout: 'x\ny', truncatedBytes: 0 });
  });

  test('are ended with their whole group when their time is over', async () => {
    const mark = lab.nap;
    const result = await connection.exec(`sleep ${mark} & sleep ${mark}; wait`, { timeout: 500 });
    expect(result).toMatchObject({ timedOut: true });
    expect(result.durationMs).toBeLessThan(20_000);
    await eventually('the end of the group', () => !isRunning(`sleep ${mark}`) || undefined);
  });

  test('that ignore TERM are killed', async () => {
    const mark = lab.nap;
    const result = await connection.exec(`trap '' TERM; sleep ${mark} & wait; sleep ${mark}`, { timeout: 300 });
    expect(result.timedOut).toBe(true);
    await eventually('the end of the group', () => !isRunning(`sleep ${mark}`) || undefined);
  });

  test('are ended by an abort', async () => {
    const mark = lab.nap;
    const abort = new AbortController();
    const running = connection.exec(['sleep', mark], { signal: abort.signal });
    await eventually('the command', () => isRunning(`sleep ${mark}`) || undefined);
    abort.abort();
    expect(await running).toMatchObject({ aborted: true, timedOut: false });
    expect(processesWith(`sleep ${mark}`)).toEqual([]);
  });

  test('may leave something behind that holds their output', async () => {
    const mark = transport === 'ssh' ? '2.125' : '2.25';
    const result = await connection.exec(`sleep ${mark} & echo done`);
    expect(result).toMatchObject({ exitCode: 0, stdout: 'done\n' });
  });

  test('may print a line of 200 MB without hurting', async () => {
    let bytes = 0;
    const result = await connection.exec('head -c 200000000 /dev/zero | tr "\\0" x', {
      maxOutputBytes: 1000,
      onOutput: (_, chunk) => (bytes += chunk.length),
    });
    expect(result.stdout).toBe('x'.repeat(1000));
    expect(result.truncatedBytes).toBe(200_000_000 - 1000);
    expect(bytes).toBe(200_000_000);
  });

  test('carry binary data both ways', async () => {
    const data = randomBytes(3_000_000);
    const chunks: Buffer[] = [];
    await connection.exec('cat', { stdin: data, onOutput: (_, chunk) => chunks.push(chunk) });
    expect(Buffer.concat(chunks).equals(data)).toBe(true);
  });

  test('run side by side, more of them than a server has channels', async () => {
    const results = await Promise.all(Array.from({ length: 40 }, (_, n) => connection.exec(['echo', String(n)])));
    expect(results.map(({ stdout }) => stdout.trim())).toEqual(Array.from({ length: 40 }, (_, n) => String(n)));
  });

  test('a short command always has its end, again and again', async () => {
    for (let n = 0; n < 200; n++) expect(await connection.exec(['true'])).toMatchObject({ exitCode: 0 });
  });

  test('files arrive whole', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'autoserv-up-'));
    try {
      writeFileSync(join(directory, 'source'), randomBytes(5_000_000));
      const target = join(directory, "new dir/it's here");
      await uploadFile(await connection.connect(), join(directory, 'source'), target, { host: 'h', mode: 0o755 });
      expect(await hashFile(target)).toBe(await hashFile(join(directory, 'source')));
      await expect(
        uploadFile(await connection.connect(), Buffer.from('x'), join(directory, 'wrong'), {
          host: 'h',
          mode: 0o644,
          sha256: '0'.repeat(64),
        }),
      ).rejects.toMatchObject({ code: 'AT_TRANSFER' });
      await expect(
        uploadFile(await connection.connect(), Buffer.from('x'), '/proc/nowhere/x', { host: 'h', mode: 0o644 }),
      ).rejects.toMatchObject({ code: 'AT_TRANSFER' });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe.runIf(hasSshd())('connections', () => {
  const connect = (about: Parameters<typeof sshHost>[1], more: Partial<ConnectionOptions> = {}): HostConnection =>
    new HostConnection(sshHost(one, about), { ...options, ...more });

  test('report the key of a host that has no pin, and hold it to that key', async () => {
    records.length = 0;
    const connection = connect({ hostKeys: [] });
    await connection.connect();
    expect(records).toContainEqual({ kind: 'hostKey', host: one.name, key: one.hostKey });
    await one.stop();
    await one.start({ newKey: true });
    await expect(connection.connect()).rejects.toMatchObject({ code: 'AT_HOST_KEY_MISMATCH' });
    await connection.close();
  });

  test('refuse a host that shows another key than the pinned one, and name both', async () => {
    const old = one.hostKey;
    await one.stop();
    await one.start({ newKey: true });
    const connection = connect({ hostKeys: [old] });
    const error: unknown = await connection.connect().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'AT_HOST_KEY_MISMATCH' });
    expect(String(error)).toMatch(/SHA256:.*SHA256:.*autotest host key accept test-host-1/s);
  });

  test.each([
    ['a closed port', { port: 1 }, 'AT_HOST_UNREACHABLE', /refused/],
    ['a name nobody knows', { address: 'no-such-host.invalid' }, 'AT_HOST_UNREACHABLE', /name/],
    ['a key file that is not there', { keyFile: '/nonexistent/key' }, 'AT_HOST_AUTH', /ENOENT/],
  ])('say why there is none: %s', async (_, about, code, message) => {
    const error: unknown = await connect(about)
      .connect()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(String(error)).toMatch(message);
  });

  test('say that no key is let in', async () => {
    const other = await startSshd({ hosts: 1 });
    try {
      const keyFile = other.hosts[0]?.keyFile ?? '';
      await expect(connect({ keyFile }).connect()).rejects.toMatchObject({ code: 'AT_HOST_AUTH' });
    } finally {
      await other.close();
    }
  });

  test('give up on a host that does not answer', async () => {
    const proxy = await startTcpProxy(one);
    proxy.stall();
    try {
      const connection = connect({ address: proxy.address, port: proxy.port }, { connectTimeoutMs: 500 });
      await expect(connection.connect()).rejects.toMatchObject({ code: 'AT_HOST_UNREACHABLE' });
    } finally {
      await proxy.close();
    }
  });

  test('that break reject what runs on them, and come back', async () => {
    const proxy = await startTcpProxy(one);
    try {
      const connection = connect({ address: proxy.address, port: proxy.port });
      await connection.connect();
      const running = connection.exec(['sleep', '780.125']);
      const rejected = expect(running).rejects.toMatchObject({ code: 'AT_HOST_LOST' });
      await eventually('the command', () => isRunning('sleep 780.125') || undefined);
      proxy.cut();
      await rejected;
      proxy.restore();
      expect(await connection.exec(['echo', 'back'])).toMatchObject({ stdout: 'back\n' });
      for (const pid of processesWith('sleep 780.125')) process.kill(pid, 'SIGKILL');
      await connection.close();
    } finally {
      await proxy.close();
    }
  });
});
