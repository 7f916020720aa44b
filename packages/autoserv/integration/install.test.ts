import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasSshd, startSshd, type Sshd, type SshdHost } from '@autotest/core/testing';
import { clientControl, eventually, isRunning, Lab, processesWith, serverControl, sshHost } from './support.ts';

const there = hasSshd();
let lab: Lab;
let sshd: Sshd;
let one: SshdHost;
beforeEach(async () => {
  lab = new Lab();
  if (!there) return;
  sshd = await startSshd({ hosts: 1 });
  const [first] = sshd.hosts;
  if (!first) throw new Error('no host');
  one = first;
});
afterEach(async () => {
  await lab.dispose();
  await sshd?.close();
});

const nothing = { 'control.ts': clientControl(`await job.runTest('sleep', { seconds: 0 });`) };
const base = (): string => join(one.home, '.autotest');

/** Puts programs in front of the host's own. */
function program(name: string, text: string): void {
  const bin = join(one.home, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(bin, name), 0o755);
  writeFileSync(join(one.home, '.bashrc'), `export PATH=${bin}:$PATH\n`);
}

test.runIf(there)('a host for which there is no Node says why, and still runs server control', async () => {
  program('node', 'echo v18.0.0');
  program('uname', 'case $1 in -m) echo riscv64;; *) exec /bin/uname "$@";; esac');
  const client = await lab.run({ files: nothing, hosts: [sshHost(one)] });
  expect((await client.ended).exitCode, client.log()).toBe(2);
  const [end] = client.of('end');
  expect(end?.cause).toMatchObject({ code: 'AT_HOST_UNFIT' });
  expect(end?.cause?.message).toContain(
    `it has only Node v18.0.0, and the one here is for ${process.arch}, not riscv64`,
  );
  const server = await lab.run({
    files: { 'control.ts': serverControl(`job.keyval({ arch: await job.hosts[0].arch() });`) },
    hosts: [sshHost(one)],
  });
  expect((await server.ended).exitCode, server.log()).toBe(0);
  expect(server.tree().keyvals).toMatchObject({ arch: 'riscv64' });
});

test.runIf(there)("a host's own Node is used where it is new enough: nothing large is sent", async () => {
  program('node', `exec ${process.execPath} "$@"`);
  const run = await lab.run({ files: nothing, hosts: [sshHost(one)] });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(existsSync(join(base(), 'runtime'))).toBe(false);
  expect(readdirSync(join(base(), 'client'))).toHaveLength(1);
});

test.runIf(there)('a host without room says how much is missing where', async () => {
  program('df', 'echo x; echo "x 1 1 51200 1% /"');
  const run = await lab.run({ files: nothing, hosts: [sshHost(one)] });
  expect((await run.ended).exitCode, run.log()).toBe(2);
  expect(run.of('end')[0]?.cause?.message).toMatch(
    /only 50 MiB are free in .*\.autotest, and Node and the client need \d+ MiB/,
  );
});

test.runIf(there)('several executions that come at once send the runtime once', async () => {
  const runs = await Promise.all([1, 2, 3].map(() => lab.run({ files: nothing, hosts: [sshHost(one)] })));
  for (const run of runs) expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(readdirSync(join(base(), 'runtime')).filter((name) => name.length === 64)).toHaveLength(1);
  expect(readdirSync(join(base(), 'runtime')).filter((name) => name.endsWith('.lock'))).toEqual([]);
  expect(readdirSync(join(base(), 'sessions'))).toEqual([]);
});

test.runIf(there)(
  'what a killed installer left, lock and torn file, is in nobody’s way, and old versions go',
  async () => {
    const first = await lab.run({ files: nothing, hosts: [sshHost(one)] });
    expect((await first.ended).exitCode, first.log()).toBe(0);
    const [version = ''] = readdirSync(join(base(), 'client'));
    const old = (index: number): string => join(base(), 'client', String(index).repeat(64).slice(0, 64));
    for (let index = 1; index <= 6; index++) {
      mkdirSync(old(index));
      writeFileSync(join(old(index), 'client.mjs'), 'old');
      utimesSync(old(index), 1e9 + index, 1e9 + index);
    }
    // A real one is in the way: in use, since a session has a link to it.
    rmSync(join(base(), 'client', version), { recursive: true });
    linkSync(join(old(1), 'client.mjs'), join(base(), 'in-use'));
    symlinkSync(`999999 0000`, join(base(), 'client', `${version}.lock`));
    writeFileSync(join(base(), 'client', '.up.1'), 'torn');
    utimesSync(join(base(), 'client', '.up.1'), 1e9, 1e9);
    const second = await lab.run({ files: nothing, hosts: [sshHost(one)] });
    expect((await second.ended).exitCode, second.log()).toBe(0);
    const left = readdirSync(join(base(), 'client'));
    expect(left.toSorted()).toEqual([version, ...[1, 4, 5, 6].map((index) => String(index).repeat(64))].toSorted());
  },
);

test.runIf(there)(
  'a client and a runtime that are deleted while a job runs do not disturb it, nor the next',
  async () => {
    const body = `await job.runCommand('long', ['sleep', '${lab.nap}'], { timeout: '4 s' }); await job.runTest('sleep', { seconds: 0 });`;
    const run = await lab.run({ files: { 'control.ts': clientControl(body) }, hosts: [sshHost(one)] });
    await eventually('the command', () => isRunning(`sleep ${lab.nap}`) || undefined);
    for (const kind of ['client', 'runtime', 'bundles']) rmSync(join(base(), kind), { recursive: true });
    await run.ended;
    expect(run.tree().node('sleep'), run.log()).toMatchObject({ outcome: 'pass' });
    const next = await lab.run({ files: nothing, hosts: [sshHost(one)] });
    expect((await next.ended).exitCode, next.log()).toBe(0);
  },
);

test.runIf(there)('a directory of the execution’s own is deleted at its end', async () => {
  const attributes = { 'reboot-command': 'true', 'install-dir': 'tmpdir' };
  const run = await lab.run({
    files: { 'control.ts': clientControl(`job.keyval({ file: process.argv[1] });`) },
    hosts: [sshHost(one, { attributes })],
  });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  const { file } = run.tree().keyvals as { file: string };
  expect(file).toMatch(/^\/tmp\/autotest-tmp-/);
  expect(existsSync(file.split('/').slice(0, 3).join('/'))).toBe(false);
  expect(existsSync(base())).toBe(false);
});

test.runIf(there)('install-dir names the directory; one that cannot be written is said', async () => {
  const good = sshHost(one, { attributes: { 'reboot-command': 'true', 'install-dir': join(one.home, 'elsewhere') } });
  const run = await lab.run({ files: nothing, hosts: [good] });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(readdirSync(join(one.home, 'elsewhere/client'))).toHaveLength(1);
  const bad = sshHost(one, { attributes: { 'install-dir': '/proc/none' } });
  const refused = await lab.run({ files: nothing, hosts: [bad] });
  expect((await refused.ended).exitCode, refused.log()).toBe(2);
  expect(refused.of('end')[0]?.cause?.message).toContain('the directory /proc/none for the client cannot be written');
});

test.runIf(there)('a session that is deleted on the host with all that is in it ends, and says so', async () => {
  const files = { 'control.ts': clientControl(`await job.runCommand('long', ['sleep', '${lab.nap}']);`) };
  const run = await lab.run({ files, hosts: [sshHost(one)] });
  await eventually('the command', () => isRunning(`sleep ${lab.nap}`) || undefined);
  rmSync(base(), { recursive: true, force: true });
  one.killSessions();
  expect((await run.ended).exitCode, run.log()).toBe(2);
  expect(run.of('end')[0]?.cause, run.log()).toMatchObject({ code: 'AT_CLIENT_LOST' });
  expect(run.of('end')[0]?.cause?.message).toContain('was deleted there');
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
});
