import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  linkSync,
  openSync,
  writeSync,
  closeSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hasSshd, startSshd, startTcpProxy, type Sshd } from '@autotest/core/testing';
import { HostConnection, type ConnectionOptions } from '../src/hosts/connection.ts';
import { getFiles } from '../src/hosts/transfer/get.ts';
import type { TransferSettings } from '../src/hosts/transfer/options.ts';
import { sendFiles } from '../src/hosts/transfer/send.ts';
import { hashFile } from '../src/hosts/upload.ts';
import { Lab, sshHost } from './support.ts';

const options: ConnectionOptions = {
  reconnectMs: 20_000,
  connectTimeoutMs: 10_000,
  firstAttempts: 1,
  record: () => {},
  env: { PATH: process.env.PATH, HOME: '/nonexistent' },
};
const settings: TransferSettings = {
  deleteExtra: false,
  preservePermissions: true,
  preserveSymlinks: false,
  maxBytes: 1e12,
  signal: new AbortController().signal,
};
const mebibyte = 1024 * 1024;

let sshd: Sshd | undefined;
beforeAll(async () => {
  if (hasSshd()) sshd = await startSshd({ hosts: 1 });
});
afterAll(() => sshd?.close());

function oneHost() {
  const [host] = sshd?.hosts ?? [];
  if (!host) throw new Error('no host');
  return host;
}

let dir: string;
let from: string;
let to: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'autoserv-tree-'));
  from = join(dir, 'from');
  to = join(dir, "to it's here");
  mkdirSync(from);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function write(path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(join(from, path, '..'), { recursive: true });
  writeFileSync(join(from, path), content);
  chmodSync(join(from, path), mode);
}

/** Path, kind, mode and content of everything below, for comparing two trees. */
function describeTree(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const path = file.slice(root.length + 1);
      const mode = (lstatSync(file).mode & 0o7777).toString(8);
      if (entry.isSymbolicLink()) return `${path} -> ${readlinkSync(file)}`;
      if (entry.isFile()) return `${path} ${mode} ${readFileSync(file).toString('base64').slice(0, 200)}`;
      return `${path} ${mode} directory`;
    })
    .sort();
}

describe.runIf(hasSshd()).each(['ssh', 'local'] as const)('trees by %s', (kind) => {
  let connection: HostConnection;
  let lab: Lab;
  beforeAll(() => {
    lab = new Lab();
    connection = new HostConnection(kind === 'ssh' ? sshHost(oneHost()) : lab.localHost(), options);
  });
  afterAll(async () => {
    await connection.close();
    await lab.dispose();
  });

  test('2,000 small files go there and back, and a second time nothing is sent', async () => {
    for (let n = 0; n < 2000; n++) write(`d${n % 20}/deep/f${n}`, `content ${n}`);
    const sent = await sendFiles(connection, from, to, settings);
    expect(sent).toMatchObject({ files: 2000, skipped: 0, refused: [] });
    expect(describeTree(to)).toEqual(describeTree(from));
    expect(await sendFiles(connection, from, to, settings)).toMatchObject({ files: 0, bytes: 0, skipped: 2000 });
    writeFileSync(join(from, 'd1/deep/f1'), 'CONTENT 1');
    expect(await sendFiles(connection, from, to, settings)).toMatchObject({ files: 1, bytes: 9, skipped: 1999 });
    const back = join(dir, 'back');
    expect(await getFiles(connection, to, back, settings)).toMatchObject({ files: 2000, refused: [] });
    expect(describeTree(back)).toEqual(describeTree(from));
    expect(await getFiles(connection, to, back, settings)).toMatchObject({ files: 0, bytes: 0, skipped: 2000 });
  });

  test('odd names, modes and empty things arrive as they are, both ways', async () => {
    const names = ['new\nline', 'back\\slash', '-rf', "it's", 'ü€😀', ' lead', 'a'.repeat(120), '$(id)', '*', '\ttab'];
    for (const name of names) write(`${name}/${name}`, name, 0o640);
    write('run', '#!/bin/sh\n', 0o755);
    write('set-group-id', 'x', 0o2755);
    write('secret', 'x', 0o600);
    write('empty', '');
    mkdirSync(join(from, 'empty-dir'), { mode: 0o700 });
    await sendFiles(connection, from, to, settings);
    expect(describeTree(to)).toEqual(describeTree(from));
    chmodSync(join(from, 'run'), 0o700);
    await sendFiles(connection, from, to, settings);
    expect(describeTree(to)).toEqual(describeTree(from));
    const back = join(dir, 'back');
    expect((await getFiles(connection, to, back, settings)).refused).toEqual([]);
    for (const name of names) expect(readFileSync(join(back, name, name), 'utf8')).toBe(name);
    expect(statSync(join(back, 'run')).mode & 0o7777).toBe(0o700);
    // Rights that a stranger gives away are not taken.
    expect(statSync(join(back, 'set-group-id')).mode & 0o7777).toBe(0o755);
  });

  test('links are kept or followed as asked; circles end', async () => {
    write('sub/file', 'content');
    symlinkSync('file', join(from, 'sub/link'));
    symlinkSync('loop-b', join(from, 'loop-a'));
    symlinkSync('loop-a', join(from, 'loop-b'));
    symlinkSync('.', join(from, 'sub/self'));
    symlinkSync('/nonexistent', join(from, 'dangling'));
    await sendFiles(connection, from, to, settings);
    expect(readdirSync(to).sort()).toEqual(['sub']);
    expect(lstatSync(join(to, 'sub/link')).isFile()).toBe(true);
    await sendFiles(connection, from, to, { ...settings, preserveSymlinks: true });
    expect(describeTree(to)).toEqual(describeTree(from));
    const back = join(dir, 'back');
    const got = await getFiles(connection, from, back, { ...settings, preserveSymlinks: true });
    expect(got.refused.map(({ path }) => path)).toEqual(['dangling']);
    expect(readlinkSync(join(back, 'sub/link'))).toBe('file');
    await getFiles(connection, from, join(dir, 'plain'), settings);
    expect(readdirSync(join(dir, 'plain'))).toEqual(['sub']);
  });

  test('a file takes the place it is sent to, or keeps its name', async () => {
    write('one', 'x');
    await sendFiles(connection, join(from, 'one'), `${to}/new/two`, settings);
    await sendFiles(connection, join(from, 'one'), `${to}/new/`, settings);
    expect(readdirSync(join(to, 'new')).sort()).toEqual(['one', 'two']);
    await getFiles(connection, `${to}/new/two`, `${dir}/got/`, settings);
    expect(readFileSync(join(dir, 'got/two'), 'utf8')).toBe('x');
    await getFiles(connection, '/proc/self/status', join(dir, 'status'), settings).catch((error: unknown) =>
      expect(error).toMatchObject({ code: 'AT_TRANSFER' }),
    );
    await getFiles(connection, '/proc/version', join(dir, 'version'), settings);
    expect(readFileSync(join(dir, 'version'), 'utf8')).toBe(readFileSync('/proc/version', 'utf8'));
  });

  test('deleting what is too much stays in the destination', async () => {
    write('keep', 'x');
    mkdirSync(join(to, 'extra/deep'), { recursive: true });
    writeFileSync(join(to, 'extra/deep/file'), 'x');
    writeFileSync(join(to, 'new\nline'), 'x');
    mkdirSync(join(dir, 'outside'));
    writeFileSync(join(dir, 'outside/precious'), 'x');
    symlinkSync(join(dir, 'outside'), join(to, 'trap'));
    await sendFiles(connection, from, to, { ...settings, deleteExtra: true });
    expect(readdirSync(to)).toEqual(['keep']);
    const back = join(dir, 'back');
    mkdirSync(join(back, 'extra'), { recursive: true });
    symlinkSync(join(dir, 'outside'), join(back, 'trap'));
    await getFiles(connection, to, back, { ...settings, deleteExtra: true });
    expect(readdirSync(back)).toEqual(['keep']);
    expect(readdirSync(join(dir, 'outside'))).toEqual(['precious']);
  });

  test('of a large file that changed only the changed blocks move, both ways', async () => {
    write('large', randomBytes(24 * mebibyte + 5));
    await sendFiles(connection, from, to, settings);
    await getFiles(connection, to, join(dir, 'back'), settings);
    patch(join(from, 'large'), 10 * mebibyte + 7);
    expect(await sendFiles(connection, from, to, settings)).toMatchObject({ files: 1, bytes: mebibyte });
    expect(await hashFile(join(to, 'large'))).toBe(await hashFile(join(from, 'large')));
    expect(await getFiles(connection, to, join(dir, 'back'), settings)).toMatchObject({ files: 1, bytes: mebibyte });
    expect(await hashFile(join(dir, 'back/large'))).toBe(await hashFile(join(from, 'large')));
    appendFileSync(join(from, 'large'), 'more');
    expect((await sendFiles(connection, from, to, settings)).bytes).toBeLessThanOrEqual(mebibyte);
    writeFileSync(join(from, 'large'), readFileSync(join(from, 'large')).subarray(0, 9 * mebibyte));
    expect(await sendFiles(connection, from, to, settings)).toMatchObject({ bytes: 0 });
    expect(await hashFile(join(to, 'large'))).toBe(await hashFile(join(from, 'large')));
    expect(readdirSync(to)).toEqual(['large']);
  });

  test('an abort ends it and leaves no half file', async () => {
    write('large', Buffer.alloc(64 * mebibyte, 1));
    const abort = new AbortController();
    const sending = sendFiles(connection, from, to, {
      ...settings,
      signal: abort.signal,
      onProgress: ({ bytes }) => bytes > 8 * mebibyte && abort.abort(),
    });
    await expect(sending).rejects.toMatchObject({ name: 'AbortError' });
    expect(existsSync(join(to, 'large'))).toBe(false);
    await sendFiles(connection, from, to, settings);
    expect(await hashFile(join(to, 'large'))).toBe(await hashFile(join(from, 'large')));
  });

  test('what is no place for files says so', async () => {
    write('x', 'x');
    await expect(sendFiles(connection, from, '/proc/nowhere', settings)).rejects.toMatchObject({ code: 'AT_TRANSFER' });
    await expect(getFiles(connection, join(dir, 'none'), to, settings)).rejects.toThrow(/no file or directory/);
    mkdirSync(join(to, 'x/full'), { recursive: true });
    await expect(sendFiles(connection, from, to, settings)).rejects.toThrow(/not empty/i);
    await sendFiles(connection, from, to, { ...settings, deleteExtra: true });
    expect(readFileSync(join(to, 'x'), 'utf8')).toBe('x');
  });

  test.runIf(userInfo().uid === 0)('a full or read-only disk there is said, and cleared up', async () => {
    mkdirSync(to);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', to]);
    try {
      for (let n = 0; n < 8; n++) write(`f${n}`, randomBytes(mebibyte));
      await expect(sendFiles(connection, from, to, settings)).rejects.toThrow(/no space left/i);
      expect(readdirSync(to)).toEqual([]);
      write('f0', randomBytes(9 * mebibyte));
      await expect(sendFiles(connection, join(from, 'f0'), `${to}/`, settings)).rejects.toThrow(/no space left/i);
      expect(readdirSync(to)).toEqual([]);
      execFileSync('mount', ['-o', 'remount,ro', to]);
      await expect(sendFiles(connection, from, to, settings)).rejects.toThrow(/read-only/i);
    } finally {
      execFileSync('umount', [to]);
    }
  });

  test('a source that is a trap gives what is sound, bounded', async () => {
    write('good/file', 'fine');
    write('second', 'x');
    linkSync(join(from, 'second'), join(from, 'second-name'));
    execFileSync('mkfifo', [join(from, 'fifo')]);
    const bad = Buffer.concat([Buffer.from(`${from}/bad-`), Buffer.from([0xff, 0xfe])]);
    writeFileSync(bad, 'x');
    symlinkSync('/etc', join(from, 'etc'));
    symlinkSync('../../..', join(from, 'good/up'));
    mkdirSync(join(dir, 'outside'));
    mkdirSync(to);
    // The trap on this side: a link where the host has a directory.
    symlinkSync(join(dir, 'outside'), join(to, 'good'));
    const got = await getFiles(connection, from, to, { ...settings, preserveSymlinks: true });
    expect(readdirSync(join(dir, 'outside'))).toEqual([]);
    expect(readdirSync(to).sort()).toEqual(['good', 'second', 'second-name']);
    expect(got.refused.map(({ path }) => path).sort()).toEqual(
      ['bad-\uFFFD\uFFFD', 'etc', 'fifo', 'good', 'good/file', 'good/up'].sort(),
    );
    await expect(getFiles(connection, from, join(dir, 'few'), { ...settings, maxBytes: 3 })).rejects.toThrow(
      /maxBytes/,
    );
    await expect(getFiles(connection, '/dev/zero', join(dir, 'zero'), settings)).rejects.toThrow(/neither a file/);
  });

  test('a file that grows while it is read comes as far as it was', async () => {
    write('log', Buffer.alloc(32 * mebibyte, 1));
    let grown = 0;
    await getFiles(connection, join(from, 'log'), join(dir, 'log'), {
      ...settings,
      onProgress: () => grown++ < 50 && appendFileSync(join(from, 'log'), 'more'),
    });
    expect(grown).toBeGreaterThan(0);
    expect(statSync(join(dir, 'log')).size).toBe(32 * mebibyte);
  });
});

describe.runIf(existsSync('/bin/busybox'))('a host that has busybox alone', () => {
  const path = process.env.PATH;
  afterEach(() => {
    process.env.PATH = path;
  });

  test('takes and gives trees', async () => {
    const bin = join(dir, 'bin');
    mkdirSync(bin);
    for (const name of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n').filter(Boolean))
      symlinkSync('/bin/busybox', join(bin, name));
    for (let n = 0; n < 50; n++) write(`d${n % 5}/f${n}`, `content ${n}`, n % 2 ? 0o755 : 0o640);
    write('new\nline', 'x');
    write('n'.repeat(150), 'x');
    write('large', randomBytes(9 * mebibyte));
    symlinkSync('large', join(from, 'link'));
    const lab = new Lab();
    const connection = new HostConnection(lab.localHost(), options);
    process.env.PATH = bin;
    const all = { ...settings, preserveSymlinks: true, deleteExtra: true };
    await sendFiles(connection, from, to, all);
    expect(describeTree(to)).toEqual(describeTree(from));
    patch(join(from, 'large'), 5 * mebibyte);
    expect(await sendFiles(connection, from, to, all)).toMatchObject({ bytes: mebibyte + 1 });
    const back = join(dir, 'back');
    expect((await getFiles(connection, to, back, all)).refused).toEqual([]);
    expect(describeTree(back).map(nameOf)).toEqual(describeTree(from).map(nameOf));
    await connection.close();
    await lab.dispose();
  });
});

test('an archive of names that nobody asked for leaves nothing anywhere', async () => {
  const path = process.env.PATH;
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const transform = String.raw`flags=r;s,^\./one,../../escaped,;s,^\./two,/${dir}/absolute,`;
  writeFileSync(join(bin, 'tar'), `#!/bin/sh\nshift 2; exec /usr/bin/tar -cPf - --transform '${transform}' "$@"\n`, {
    mode: 0o755,
  });
  for (const name of ['one', 'two', 'sound']) write(name, name);
  const lab = new Lab();
  const connection = new HostConnection(lab.localHost(), options);
  process.env.PATH = `${bin}:${path}`;
  try {
    const got = await getFiles(connection, from, to, settings);
    expect(readdirSync(to)).toEqual(['sound']);
    expect(readdirSync(dir).sort()).toEqual(['bin', 'from', "to it's here"]);
    expect(existsSync(join(dir, '../escaped'))).toBe(false);
    expect(got.refused.map(({ why }) => why).sort()).toEqual([
      'nobody asked for it',
      'nobody asked for it',
      'the host did not send it',
      'the host did not send it',
    ]);
  } finally {
    process.env.PATH = path;
    await connection.close();
    await lab.dispose();
  }
});

describe.runIf(hasSshd())('a connection that breaks', () => {
  test('costs a file of 200 MB only what was on its way, both ways', async () => {
    write('large', randomBytes(200 * mebibyte));
    const hash = await hashFile(join(from, 'large'));
    const proxy = await startTcpProxy(oneHost());
    const meter = await startMeter(proxy);
    const connection = new HostConnection(sshHost(oneHost(), { address: meter.address, port: meter.port }), options);
    let cut = false;
    const cutAt = (bytes: number) => ({
      ...settings,
      onProgress: (progress: { bytes: number }) => {
        if (cut || progress.bytes < bytes) return;
        cut = true;
        proxy.cut();
        setTimeout(() => proxy.restore(), 100);
      },
    });
    try {
      await sendFiles(connection, from, to, cutAt(120 * mebibyte));
      expect(cut).toBe(true);
      expect(await hashFile(join(to, 'large'))).toBe(hash);
      expect(meter.bytes()).toBeLessThan(260 * mebibyte);
      expect(readdirSync(to)).toEqual(['large']);
      cut = false;
      const before = meter.bytes();
      await getFiles(connection, to, join(dir, 'back'), cutAt(120 * mebibyte));
      expect(cut).toBe(true);
      expect(await hashFile(join(dir, 'back/large'))).toBe(hash);
      expect(meter.bytes() - before).toBeLessThan(260 * mebibyte);
      expect(readdirSync(join(dir, 'back'))).toEqual(['large']);
    } finally {
      await connection.close();
      await meter.close();
      await proxy.close();
    }
  }, 120_000);
});

/** The first word, where modes may differ: a stranger's mode never takes the owner's right to read. */
function nameOf(line: string): string {
  return line.split(' ')[0] ?? '';
}

function patch(file: string, position: number): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, 'PATCHED', position);
  closeSync(fd);
}

/** Counts the bytes of all connections, both ways. */
async function startMeter(target: { readonly address: string; readonly port: number }) {
  let count = 0;
  const server = createServer((near) => {
    const far = connect(target.port, target.address);
    for (const [a, b] of [
      [near, far],
      [far, near],
    ] as const) {
      a.on('data', (chunk: Buffer) => (count += chunk.length));
      a.on('error', () => b.destroy());
      a.on('close', () => b.destroy());
      a.pipe(b);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    address: '127.0.0.1',
    port: typeof address === 'object' && address ? address.port : 0,
    bytes: () => count,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
