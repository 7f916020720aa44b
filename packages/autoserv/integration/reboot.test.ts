import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { canBoot, startSshd, type Sshd, type SshdHost } from '@autotest/core/testing';
import type { HostSpec } from '@autotest/core';
import { clientControl, eventually, Lab, serverControl, sshHost } from './support.ts';

const bootable = canBoot();
let lab: Lab;
let sshd: Sshd;
let one: SshdHost;
beforeAll(async () => {
  if (!bootable) return;
  sshd = await startSshd({ hosts: 1, bootable: true });
  const [first] = sshd.hosts;
  if (!first) throw new Error('no host');
  one = first;
});
afterAll(() => sshd?.close());
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.dispose());

const hostUnderTest = (): HostSpec => sshHost(one, { attributes: { 'reboot-command': one.rebootCommand } });

test.runIf(bootable)('job.reboot() goes on in the next boot, with what was done before', async () => {
  const body = `
    const before = await job.step('before', () => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
    await job.runTest('sleep', { seconds: 0 });
    await job.reboot();
    const after = await job.step('after', () => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
    await job.runTest('sleep', { seconds: 0 }, { tag: 'again' });
    job.keyval({ changed: before !== after });
  `;
  const run = await lab.run({
    files: { 'control.ts': clientControl(body, `import * as fs from 'node:fs';`) },
    hosts: [hostUnderTest()],
  });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({ changed: true });
  expect(run.of('boot').map(({ resumed }) => resumed)).toEqual([false, true]);
  expect([...run.tree().nodes()].map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'sleep pass',
    'sleep.again pass',
  ]);
  expect(run.read('status.log')).toMatch(/START\t----\treboot/);
});

test.runIf(bootable)('a host that loses power aborts the test that ran, and the job goes on', async () => {
  const body = `await job.runTest('sleep', { seconds: 300 }); await job.runTest('sleep', { seconds: 0 }, { tag: 'after' });`;
  const run = await lab.run({ files: { 'control.ts': clientControl(body) }, hosts: [hostUnderTest()] });
  await run.until('the test', (record) => record.kind === 'node.start' && record.name === 'sleep');
  await one.reboot();
  expect((await run.ended).exitCode, run.log()).toBe(1);
  expect(run.tree().node('sleep')).toMatchObject({ outcome: 'abort' });
  expect(run.tree().node('sleep')?.reason).toContain('unexpected reboot');
  expect(run.tree().node('sleep.after')).toMatchObject({ outcome: 'pass' });
});

test.runIf(bootable)('a server control file reboots its host', async () => {
  const body = `
    const host = job.hosts[0];
    const before = await host.bootId();
    await host.reboot();
    job.keyval({ changed: before !== (await host.bootId()), up: await host.isUp() });
    await host.runTest('sleep', { seconds: 0 });
  `;
  const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: [hostUnderTest()] });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({ changed: true, up: true });
});

test.runIf(bootable)('cleanup reboots the host where the spec asks for it', async () => {
  const run = await lab.run({ purpose: 'cleanup', hosts: [hostUnderTest()], reboot: true });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.of('reboot').map(({ event }) => event)).toEqual(['start', 'verify', 'end']);
});

test.runIf(bootable)('a server control file learns that its host rebooted by itself', async () => {
  const body = `
    const host = job.hosts[0];
    await host.run('true');
    const lost = await host.run('echo running; sleep 300').catch((error) => error.code);
    await host.run('true');
    job.keyval({ lost });
  `;
  const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: [hostUnderTest()] });
  await eventually('the command', () => {
    try {
      return run.read(`debug/commands.${one.name}.log`).includes('\nrunning') || undefined;
    } catch {
      return undefined;
    }
  });
  await one.reboot();
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({ lost: 'AT_HOST_LOST' });
  expect(run.of('reboot')).toMatchObject([{ event: 'unexpected', host: one.name }]);
  expect(run.read('status.log')).toMatch(/WARN\t----\treboot.unexpected/);
});
