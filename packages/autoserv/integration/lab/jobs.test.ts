import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingService } from '@autotest/core/testing';
import { clientControl, Lab, serverControl } from '../support.ts';
import { labHost, powerEnv, useHosts } from './hosts.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.dispose());

const rebootInTheMiddle = `
  await job.runTest('sleep', { seconds: 0 }, { tag: 'before' });
  const before = await job.step('before', () => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  await job.reboot();
  const after = await job.step('after', () => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
  await job.runTest('sleep', { seconds: 0 }, { tag: 'after' });
  job.keyval({ changed: before !== after });
`;

/** A client control file with a reboot in the middle: each step once, both tests in one tree. */
async function expectReboot(host: ReturnType<typeof labHost>): Promise<void> {
  const control = clientControl(rebootInTheMiddle, `import * as fs from 'node:fs';`);
  const run = await lab.run({ files: { 'control.ts': control }, hosts: [host] });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({ changed: true });
  expect(run.of('boot').map(({ resumed }) => resumed)).toEqual([false, true]);
  expect([...run.tree().nodes()].map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'sleep.before pass',
    'sleep.after pass',
  ]);
}

const noNamespaces = missingService('ip');
describe.skipIf(noNamespaces !== undefined)(
  `namespaced hosts${noNamespaces ? ` (skipped: ${noNamespaces})` : ''}`,
  () => {
    const hosts = useHosts({ hosts: { namespace: 3 } }, noNamespaces === undefined);

    test('a server job meets on three hosts at a barrier', async () => {
      const body = `
      const members = job.hosts.map(({ name }) => name);
      await job.onEach(job.hosts, async (host) => {
        await host.runCheck('sleep 0.' + members.indexOf(host.name));
        await job.barrier('all', { members, timeout: '1 minute' });
        await host.runTest('sleep', { seconds: 0 }, { check: true });
      });
      job.keyval({ boots: await Promise.all(job.hosts.map((host) => host.bootId())) });
    `;
      const specs = hosts().hosts.map((one) => labHost(one));
      const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: specs });
      expect((await run.ended).exitCode, run.log()).toBe(0);
      expect(new Set(run.tree().keyvals.boots as string[]).size).toBe(3);
      for (const { name } of specs)
        expect(run.tree().node(`${name}/sleep`)).toMatchObject({ outcome: 'pass', host: name });
    });

    test('a client job reboots its host in the middle', async () => {
      const [one] = hosts().hosts;
      if (one) await expectReboot(labHost(one));
    });

    test('a host that does not come back from the reboot of a client job has its power cycled, and the job goes on', async () => {
      const [one] = hosts().hosts;
      if (!one) return;
      const attributes = { ...one.attributes, 'reboot-command': 'poweroff' };
      const run = await lab.run({
        files: { 'control.ts': clientControl(rebootInTheMiddle, `import * as fs from 'node:fs';`) },
        hosts: [labHost(one, { attributes })],
        env: { ...powerEnv(hosts()), AUTOTEST_BOOT_TIME: '3 s' },
      });
      expect((await run.ended).exitCode, run.log()).toBe(0);
      expect(run.tree().keyvals).toMatchObject({ changed: true });
      expect(run.of('info').map(({ message }) => message)).toContain(
        `${one.name}: it did not come back from its reboot: its power is cycled`,
      );
    });

    test('a host whose reboot does nothing is rebooted by a rougher way', async () => {
      const [one] = hosts().hosts;
      if (!one) return;
      const deaf = `printf '%s\\n' '#!/bin/sh' '[ -z "$1" ] || exec /sbin/reboot "$@"' >/usr/local/bin/reboot; chmod 755 /usr/local/bin/reboot`;
      const body = `
      const host = job.hosts[0];
      await host.runCheck(${JSON.stringify(deaf)});
      const before = await host.bootId();
      await host.reboot();
      job.keyval({ changed: before !== (await host.bootId()) });
      await host.run('rm -f /usr/local/bin/reboot');
    `;
      const run = await lab.run({
        files: { 'control.ts': serverControl(body) },
        hosts: [labHost(one)],
        env: { AUTOTEST_REBOOT_STEP: '10 s' },
      });
      expect((await run.ended).exitCode, run.log()).toBe(0);
      expect(run.tree().keyvals).toMatchObject({ changed: true });
      expect(run.of('reboot').at(-1)?.message).toMatch(/^reboot, then forced reboot, /);
    });
  },
);

const noUml = missingService('uml');
describe.skipIf(noUml !== undefined)(`a User-mode Linux host${noUml ? ` (skipped: ${noUml})` : ''}`, () => {
  const hosts = useHosts({ hosts: { uml: 1 } }, noUml === undefined);

  test('a client job reboots its kernel in the middle', { timeout: 300_000 }, async () => {
    const [one] = hosts().hosts;
    if (one) await expectReboot(labHost(one));
  });

  test(
    'a panic in a test is told from the console, repair cycles the power over IPMI',
    { timeout: 300_000 },
    async () => {
      const [one] = hosts().hosts;
      if (!one) return;
      const body = `
      await job.runTest('sleep', { seconds: 0 });
      await job.runCommand('panic', ['sh', '-c', 'sync; echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger; sleep 60']);
    `;
      const run = await lab.run({
        files: { 'control.ts': clientControl(body) },
        hosts: [labHost(one)],
        limits: { reconnectMs: 10_000 },
      });
      expect((await run.ended).exitCode, run.log()).not.toBe(0);
      const panic = [...run.tree().nodes()].find(({ reason }) => reason?.includes('Kernel panic - not syncing'));
      expect(panic, run.log()).toBeDefined();
      expect(run.tree().node('sleep')?.outcome).toBe('pass');
      const repair = await lab.run({
        purpose: 'repair',
        hosts: [labHost(one, { attributes: { ...one.attributes, 'repair-wait': '5 s' } })],
        env: powerEnv(hosts()),
      });
      expect((await repair.ended).exitCode, repair.log()).toBe(0);
      expect(repair.tree().keyvals).toMatchObject({ repaired_by: 'power cycle' });
      const verify = await lab.run({ purpose: 'verify', hosts: [labHost(one)] });
      expect((await verify.ended).exitCode, verify.log()).toBe(0);
    },
  );
});

const noQemu = missingService('qemu');
describe.skipIf(noQemu !== undefined)(`a virtual machine${noQemu ? ` (skipped: ${noQemu})` : ''}`, () => {
  const hosts = useHosts({ hosts: { qemu: 1 } }, noQemu === undefined);

  test('a client job reboots it in the middle', { timeout: 600_000 }, async () => {
    const [one] = hosts().hosts;
    if (one) await expectReboot(labHost(one));
  });
});
