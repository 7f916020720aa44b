import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingService } from '@autotest/core/testing';
import type { LabHost } from '@autotest/lab';
import { clientControl, Lab, serverControl, type Run } from '../support.ts';
import { labHost, powerEnv, useHosts } from './hosts.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.dispose());

const missing = missingService('ip');
describe.skipIf(missing !== undefined)(`faults of namespaced hosts${missing ? ` (skipped: ${missing})` : ''}`, () => {
  const hosts = useHosts({ hosts: { namespace: 2 } }, missing === undefined);
  const first = (): LabHost => hosts().host(hosts().hosts[0]?.name ?? '');

  /** Starts a client job that counts to ten, one count a test, and waits until it counts. */
  async function startCounting(one: LabHost, limits = {}): Promise<Run> {
    const body = `for (let n = 1; n <= 10; n++) await job.runCommand('count' + n, ['sh', '-c', 'echo ' + n + ' >>/var/tmp/counted; sleep 0.5']);`;
    await sshRun(one, 'rm -f /var/tmp/counted');
    const run = await lab.run({ files: { 'control.ts': clientControl(body) }, hosts: [labHost(one)], limits });
    await run.until('the second count', (record) => record.kind === 'node.start' && record.name === 'count2');
    return run;
  }

  async function expectCountedOnce(one: LabHost, run: Run): Promise<void> {
    expect((await run.ended).exitCode, run.log()).toBe(0);
    expect(await sshRun(one, 'cat /var/tmp/counted')).toBe([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].join('\n'));
    expect([...run.tree().nodes()].map(({ outcome }) => outcome)).toEqual(Array.from({ length: 10 }, () => 'pass'));
  }

  /** What a command on a host prints, by an execution of its own. */
  async function sshRun(one: LabHost, command: string): Promise<string> {
    const body = `job.keyval({ said: (await job.hosts[0].run(${JSON.stringify(command)})).stdout.trim() });`;
    const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: [labHost(one)] });
    expect((await run.ended).exitCode, run.log()).toBe(0);
    return run.tree().keyvals.said as string;
  }

  test('a partition of 60 s: the client goes on, nothing is lost or done twice', { timeout: 240_000 }, async () => {
    const one = first();
    const run = await startCounting(one);
    const undo = await hosts().fault(one.name, 'drop');
    await delay(60_000);
    await undo();
    await expectCountedOnce(one, run);
    expect(run.of('transport').map(({ event }) => event)).toEqual(expect.arrayContaining(['lost', 'resumed']));
  });

  test('sshd killed in the middle: the client goes on', async () => {
    const one = first();
    const run = await startCounting(one);
    const undo = await hosts().fault(one.name, 'killSshd');
    await delay(2000);
    await undo();
    await expectCountedOnce(one, run);
  });

  test('sshd killed under a command of a server job: its outcome is unknown, and it is not run again', async () => {
    const one = first();
    await sshRun(one, 'rm -f /var/tmp/once');
    const body = `
      const code = await job.hosts[0].run('echo x >>/var/tmp/once; sleep 4').catch((error) => error.code);
      job.keyval({ code, once: (await job.hosts[0].run('cat /var/tmp/once')).stdout });
    `;
    const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: [labHost(one)] });
    await run.until('the connection', (record) => record.kind === 'transport' && record.event === 'connected');
    await delay(1000);
    await (
      await hosts().fault(one.name, 'killSessions')
    )();
    expect((await run.ended).exitCode, run.log()).toBe(0);
    expect(run.tree().keyvals).toMatchObject({ code: 'AT_HOST_LOST', once: 'x\n' });
  });

  test('a host that shows another key in the middle is not talked to, and the error says how to accept it', async () => {
    // Its client goes on alone: not on the host of the other tests.
    const one = hosts().host(hosts().hosts[1]?.name ?? '');
    const run = await startCounting(one);
    const undo = await hosts().fault(one.name, 'changeHostKey');
    await (
      await hosts().fault(one.name, 'killSessions')
    )();
    try {
      expect((await run.ended).exitCode, run.log()).toBe(2);
      expect(run.of('end')).toMatchObject([{ exitClass: 'infra', cause: { code: 'AT_HOST_KEY_MISMATCH' } }]);
    } finally {
      await undo();
    }
  });

  test('a clock that is off by a year warns, and the job passes with records in order', async () => {
    const one = first();
    const undo = await hosts().fault(one.name, 'clock', '+365d');
    try {
      const verify = await lab.run({ purpose: 'verify', hosts: [labHost(one)] });
      expect((await verify.ended).exitCode, verify.log()).toBe(0);
      expect(verify.tree().node('verify/clock')).toMatchObject({ outcome: 'warn' });
      expect(verify.tree().node('verify/clock')?.reason).toMatch(/ahead/);
      await expectCountedOnce(one, await startCounting(one));
    } finally {
      await undo();
    }
  });

  test('a slow link only takes longer', { timeout: 240_000 }, async () => {
    const one = first();
    const run = await startCounting(one);
    const undo = await hosts().fault(one.name, 'slow', '256kbit');
    try {
      await expectCountedOnce(one, run);
    } finally {
      await undo();
    }
  });

  test('the client deleted in the middle of a job: the running one goes on, the next one is brought anew', async () => {
    const one = first();
    const run = await startCounting(one);
    await hosts().fault(one.name, 'deleteClient');
    await expectCountedOnce(one, run);
    await expectCountedOnce(one, await startCounting(one));
  });

  test(
    'a full disk on the host is a fault of the lab, and repair says what it could not do',
    { timeout: 240_000 },
    async () => {
      const one = first();
      const undo = await hosts().fault(one.name, 'fill', '/root');
      try {
        const verify = await lab.run({ purpose: 'verify', hosts: [labHost(one)] });
        expect((await verify.ended).exitCode, verify.log()).toBe(2);
        expect(verify.of('end')).toMatchObject([{ exitClass: 'infra', cause: { code: 'AT_HOST_UNFIT' } }]);
      } finally {
        await undo();
      }
      const after = await lab.run({ purpose: 'verify', hosts: [labHost(one)] });
      expect((await after.ended).exitCode, after.log()).toBe(0);
    },
  );

  test('a host that hangs for good ends the job, and repair cycles its power', { timeout: 240_000 }, async () => {
    const one = first();
    const run = await startCounting(one, { reconnectMs: 5000 });
    await hosts().fault(one.name, 'freeze');
    expect((await run.ended).exitCode, run.log()).toBe(2);
    expect(run.of('end')).toMatchObject([{ exitClass: 'infra', cause: { code: 'AT_HOST_LOST' } }]);
    const attributes = { ...one.attributes, 'repair-wait': '3 s' };
    const repair = await lab.run({
      purpose: 'repair',
      hosts: [labHost(one, { attributes })],
      env: powerEnv(hosts()),
    });
    expect((await repair.ended).exitCode, repair.log()).toBe(0);
    expect(repair.tree().keyvals).toMatchObject({ repaired_by: 'power cycle' });
  });

  test('sshd that died for good is started again over the console', { timeout: 240_000 }, async () => {
    const one = first();
    await hosts().fault(one.name, 'killSshd');
    const attributes = { ...one.attributes, 'repair-wait': '3 s' };
    const repair = await lab.run({
      purpose: 'repair',
      hosts: [labHost(one, { attributes, protection: 'repairSoftwareOnly' })],
    });
    expect((await repair.ended).exitCode, repair.log()).toBe(0);
    expect(repair.tree().keyvals).toMatchObject({ repaired_by: 'restart sshd over console' });
  });
});
