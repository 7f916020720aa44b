import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { canBoot, hasSshd, startSshd, type Sshd, type SshdHost } from '@autotest/core/testing';
import { Lab, sshHost } from './support.ts';

let lab: Lab;
let sshd: Sshd;
let one: SshdHost;
let stepsDir: string;
const bootable = canBoot();
beforeAll(async () => {
  if (!hasSshd()) return;
  sshd = await startSshd({ hosts: 1, bootable });
  const [first] = sshd.hosts;
  if (!first) throw new Error('no host');
  one = first;
});
afterAll(() => sshd?.close());
beforeEach(() => {
  lab = new Lab();
  stepsDir = join(lab.dir, 'steps');
  mkdirSync(stepsDir);
});
afterEach(() => lab.dispose());

function addStep(file: string, text: string): void {
  writeFileSync(
    join(stepsDir, file),
    `import type { HostStepDefinition } from '@autotest/core';\nexport default { ${text} } satisfies HostStepDefinition;\n`,
  );
}
const withSteps = () => ({ env: { AUTOTEST_STEPS_DIR: stepsDir, AUTOTEST_REBOOT_STEP: '3 s' } });
const outcomes = (run: Awaited<ReturnType<Lab['run']>>) =>
  [...run.tree().nodes()].map(({ path, outcome }) => `${path} ${outcome}`);

test.runIf(hasSshd())("the lab's own verify step can refuse a host, and its log is kept", async () => {
  addStep(
    '10-dongle.ts',
    `phase: 'verify', name: 'dongle', async run(host) { await host.run('echo looking for it'); throw new Error('no dongle is plugged in'); }`,
  );
  addStep('20-other.ts', `phase: 'verify', name: 'only gpu', needs: 'gpu', async run() { throw new Error('no'); }`);
  const run = await lab.run({ purpose: 'verify', hosts: [sshHost(one)], ...withSteps() });
  expect((await run.ended).exitCode, run.log()).toBe(2);
  expect(run.tree().node('verify/dongle')).toMatchObject({ outcome: 'error' });
  expect(run.tree().node('verify/dongle')?.reason).toContain('the step dongle says: no dongle is plugged in');
  expect(run.of('end')).toMatchObject([{ exitClass: 'infra', cause: { code: 'AT_HOST_UNFIT' } }]);
  expect(run.read(`steps/${one.name}/verify.dongle.log`)).toMatch(
    /\$ echo looking for it\nlooking for it\n.*exit code 0 after/,
  );
  expect(run.of('artifact').map(({ path }) => path)).toContain(`steps/${one.name}/verify.dongle.log`);
});

test.runIf(hasSshd())('a repair step of the lab mends what a verify step of the lab found', async () => {
  addStep('1.ts', `phase: 'verify', name: 'flag', async run(host) { await host.runCheck('test -e "$HOME/flag"'); }`);
  addStep(
    '2.ts',
    `phase: 'repair', name: 'other', after: ['dongle'], async run() { throw new Error('not for this'); }`,
  );
  addStep('3.ts', `phase: 'repair', name: 'broken', async run() { throw new Error('it never works'); }`);
  addStep('4.ts', `phase: 'repair', name: 'set flag', async run(host) { await host.runCheck('touch "$HOME/flag"'); }`);
  const run = await lab.run({ purpose: 'repair', hosts: [sshHost(one)], ...withSteps() });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({
    repaired_by: 'set flag',
    repaired_problem: expect.stringMatching(/^flag: .*Command failed/),
  });
  expect(outcomes(run)).toEqual(
    expect.arrayContaining([
      'repair/wait for host skip',
      'repair/other skip',
      'repair/broken warn',
      'repair/set flag pass',
      'repair/verify#2 pass',
    ]),
  );
});

test.runIf(hasSshd())('a step that never returns is given up, and says so', async () => {
  addStep('1.ts', `phase: 'verify', name: 'endless', timeout: '1 s', run: () => new Promise(() => {})`);
  const run = await lab.run({ purpose: 'verify', hosts: [sshHost(one)], ...withSteps() });
  expect((await run.ended).exitCode, run.log()).toBe(2);
  expect(run.tree().node('verify/endless')?.reason).toContain('did not end within 1 s');
});

test.runIf(hasSshd())('a file that holds no step is refused before anything is done', async () => {
  addStep('1.ts', `phase: 'verify', name: 'x', needs: 'a &', async run() {}`);
  const run = await lab.run({ purpose: 'verify', hosts: [sshHost(one)], ...withSteps() });
  expect((await run.ended).exitCode).toBe(2);
  expect(run.of('end')).toMatchObject([{ cause: { code: 'AT_STEP_FILE_INVALID' } }]);
});

test.runIf(bootable)('a repair reboots a host that stays unfit, as far as its protection allows', async () => {
  addStep(
    '1.ts',
    `phase: 'verify', name: 'another boot', async run(host) { await host.runCheck('read id </proc/sys/kernel/random/boot_id; [ -e "$HOME/first" ] || echo $id >"$HOME/first"; ! grep -q $id "$HOME/first"'); }`,
  );
  const attributes = { 'reboot-command': one.rebootCommand };
  const kept = await lab.run({
    purpose: 'repair',
    hosts: [sshHost(one, { attributes, protection: 'repairSoftwareOnly' })],
    ...withSteps(),
  });
  expect((await kept.ended).exitCode, kept.log()).toBe(2);
  expect(kept.tree().node('repair/reboot')?.reason).toContain('protection is repairSoftwareOnly');
  const run = await lab.run({ purpose: 'repair', hosts: [sshHost(one, { attributes })], ...withSteps() });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({ repaired_by: 'reboot' });
  expect(run.tree().node('repair/power cycle')).toBeUndefined();
});

test.runIf(bootable)('a host that does not go down is told of with what was tried', async () => {
  const attributes = { 'reboot-command': 'true' };
  const run = await lab.run({
    purpose: 'cleanup',
    reboot: true,
    hosts: [sshHost(one, { attributes })],
    env: { AUTOTEST_REBOOT_TIMEOUT: '3 s' },
  });
  expect((await run.ended).exitCode).toBe(2);
  expect(run.of('end')[0]?.cause?.message).toContain('did not come back from true within 3 s');
});

test.runIf(hasSshd())(
  'provisioning runs the program of the lab, waits for the host and takes the key it names',
  async () => {
    const driversDir = join(lab.dir, 'drivers');
    mkdirSync(driversDir);
    await one.stop();
    await one.start({ newKey: true });
    const program = join(driversDir, 'install');
    writeFileSync(program, `#!/bin/sh\necho "$1 $2 $3 on $AUTOTEST_ARG_SLOT"\necho "host-key: ${one.hostKey}"\n`);
    await chmod(program, 0o755);
    const old = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5q3k1cUPb2cQ0xGk1S6Y1m3t8oZ0wWj9mN3uW4u5Qd';
    const attributes = { provision: 'command:install?slot=4' };
    const run = await lab.run({
      purpose: 'provision',
      image: 'board-2.1',
      hosts: [sshHost(one, { attributes, hostKeys: [old] })],
      env: { AUTOTEST_DRIVERS_DIR: driversDir },
    });
    expect((await run.ended).exitCode, run.log()).toBe(0);
    expect(run.read(`steps/${one.name}/provision.install-board-2.1.log`)).toMatch(
      new RegExp(`provision ${one.name} board-2.1 on 4\\n(.*\\n)*.*it answers`),
    );
    expect(run.of('hostKey')).toMatchObject([{ host: one.name, key: one.hostKey, replaces: true }]);
    const refused = await lab.run({
      purpose: 'provision',
      image: 'x',
      hosts: [sshHost(one, { attributes: { provision: 'command:../../bin/sh' } })],
      env: { AUTOTEST_DRIVERS_DIR: driversDir },
    });
    expect((await refused.ended).exitCode).toBe(2);
    expect(refused.of('end')[0]?.cause).toMatchObject({ code: 'AT_HOST_DRIVER_FILE' });
  },
);
