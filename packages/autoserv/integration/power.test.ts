import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { missingService } from '@autotest/core/testing';
import { makePower } from '../src/power/make-power.ts';
import { freeUdpPort, startIpmiSim, startPdu, startQemu, startRedfish, type PowerPeer } from './power-peers.ts';
import { eventually, Lab, serverControl } from './support.ts';

const call = { timeoutMs: 60_000 };
let directory: string;
let peers: PowerPeer[];
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'power-test-'));
  mkdirSync(join(directory, 'secrets'));
  writeFileSync(join(directory, 'secrets/right'), 's3cret\n');
  writeFileSync(join(directory, 'secrets/wrong'), 'guess\n');
  env = { PATH: process.env.PATH, AUTOTEST_SECRETS_DIR: join(directory, 'secrets') };
  peers = [];
});
afterEach(async () => {
  for (const peer of peers) await peer.close();
  rmSync(directory, { recursive: true });
});

const power = (url: string) => makePower({ name: 'h1' }, url, env);
async function started(peer: Promise<PowerPeer>): Promise<PowerPeer> {
  peers.push(await peer);
  return peer;
}

describe.skipIf(missingService('ipmiSim') ?? missingService('ipmitool'))('a BMC', () => {
  test('is switched by ipmitool, its password in a file', async () => {
    const bmc = await started(startIpmiSim(directory));
    const driver = power(`ipmi://admin@127.0.0.1:${bmc.port}?password-file=right`);
    expect(await driver.status(call)).toBe('off');
    await driver.on(call);
    expect(await driver.status(call)).toBe('on');
    await driver.reset?.(call);
    await driver.cycle(call);
    await eventually('on again', () => readFileSync(join(directory, 'power'), 'utf8').trim() === '1' || undefined);
    await driver.off(call);
    expect(await driver.status(call)).toBe('off');
    expect(bmc.told).toEqual(['power 1', 'reset 1', 'power 0', 'power 1', 'power 0']);
  });

  test('that refuses the password is asked once', async () => {
    const bmc = await started(startIpmiSim(directory));
    const driver = power(`ipmi://admin@127.0.0.1:${bmc.port}?password-file=wrong`);
    await expect(driver.status(call)).rejects.toMatchObject({ code: 'AT_HOST_POWER_AUTH' });
    await expect(power(`ipmi://nobody@127.0.0.1:${bmc.port}?password-file=right`).status(call)).rejects.toMatchObject({
      code: 'AT_HOST_POWER_AUTH',
    });
  });

  test('that is dead ends the call in its time, and an abort at once', async () => {
    const port = await freeUdpPort();
    const driver = power(`ipmi://admin@127.0.0.1:${port}?password-file=right`);
    await expect(driver.on({ timeoutMs: 1500 })).rejects.toMatchObject({ code: 'AT_HOST_POWER' });
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')), 200);
    await expect(driver.on({ timeoutMs: 600_000, signal: abort.signal })).rejects.toThrow('enough');
  });
});

test('a Redfish service is switched, with a cycle made of off and on, and asked again while it is busy', async () => {
  const service = await started(startRedfish({ busy: 1 }));
  const url = `redfish+http://admin@127.0.0.1:${service.port}/redfish/v1/Systems/1`;
  const driver = power(`${url}?password-file=right`);
  expect(await driver.status(call)).toBe('off');
  await driver.on(call);
  await driver.on(call);
  expect(await driver.status(call)).toBe('on');
  await driver.reset?.(call);
  await driver.cycle(call);
  expect(service.told).toEqual(['On', 'ForceRestart', 'ForceOff', 'On']);
  await expect(driver.nmi?.(call)).rejects.toThrow(/knows no reset of type Nmi/);
  await expect(power(`${url}?password-file=wrong`).status(call)).rejects.toMatchObject({ code: 'AT_HOST_POWER_AUTH' });
});

test('an outlet of a power distribution unit is switched over SNMP', async () => {
  const pdu = await started(startPdu(7));
  const url = `snmp://127.0.0.1:${pdu.port}/7?model=apc`;
  const driver = power(`${url}&community-file=right`);
  expect(await driver.status(call)).toBe('off');
  await driver.on(call);
  expect(await driver.status(call)).toBe('on');
  await driver.off(call);
  expect(await driver.status(call)).toBe('off');
  await driver.on(call);
  const oid = '1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.7';
  expect(pdu.told).toEqual([`${oid} = 1`, `${oid} = 2`, `${oid} = 1`]);
  expect('reset' in driver).toBe(false);
  await expect(power(`${url}&community-file=wrong`).status({ timeoutMs: 2500 })).rejects.toMatchObject({
    code: 'AT_HOST_POWER',
  });
});

describe.skipIf(missingService('qemu'))('a virtual machine of QEMU', () => {
  test('is switched through its monitor', async () => {
    const monitor = join(directory, 'qmp');
    await started(startQemu(monitor));
    const driver = power(`qmp://${monitor}`);
    expect(await driver.status(call)).toBe('off');
    await driver.on(call);
    expect(await driver.status(call)).toBe('on');
    await driver.reset?.(call);
    await driver.nmi?.(call);
    await driver.off(call);
    expect(await driver.status(call)).toBe('off');
    await driver.cycle(call);
    expect(await driver.status(call)).toBe('on');
    await peers.pop()?.close();
    await expect(driver.status({ timeoutMs: 300 })).rejects.toMatchObject({ code: 'AT_HOST_POWER' });
  });
});

describe.skipIf(missingService('virsh'))('a virtual machine of libvirt', () => {
  test('is switched by virsh', async () => {
    // libvirt's own test driver forgets everything between calls, so only single calls can be looked at.
    const driver = power('libvirt:///test?connect=test:///default');
    expect(await driver.status(call)).toBe('on');
    await driver.off(call);
    await driver.on(call);
    await expect(power('libvirt:///nowhere?connect=test:///default').off(call)).rejects.toMatchObject({
      code: 'AT_HOST_POWER',
    });
  });
});

describe('a program of the lab', () => {
  test('gets order, host and options, and nothing of our environment', async () => {
    env = { ...env, AUTOTEST_DRIVERS_DIR: directory, AUTOTEST_DB_PASSWORD: 'hidden' };
    const log = join(directory, 'log');
    writeFileSync(
      join(directory, 'relay'),
      `#!/bin/sh\necho "$1 $2 $AUTOTEST_ARG_BOARD $AUTOTEST_DB_PASSWORD" >> ${log}\n[ "$1" != status ] || echo on\n[ "$1" != off ] || exit 77\n[ "$1" != reset ] || exit 64\n`,
    );
    chmodSync(join(directory, 'relay'), 0o755);
    const driver = power('command:relay?board=4%20a');
    expect(await driver.status(call)).toBe('on');
    await driver.cycle(call);
    await expect(driver.off(call)).rejects.toMatchObject({ code: 'AT_HOST_POWER_AUTH' });
    await expect(driver.reset?.(call)).rejects.toThrow(/does not know reset/);
    expect(readFileSync(log, 'utf8')).toBe('status h1 4 a \ncycle h1 4 a \noff h1 4 a \nreset h1 4 a \n');
  });

  test('is found in its directory alone', async () => {
    expect(() => power('command:../../bin/sh')).toThrow(/plain name/);
    await expect(power('command:sh').status(call)).rejects.toMatchObject({ code: 'AT_HOST_DRIVER_FILE' });
  });
});

test('a file outside of the directory for secrets is read for nobody', async () => {
  writeFileSync(join(directory, 'key'), 'private');
  const url = 'ipmi://admin@127.0.0.1?password-file=';
  for (const file of [join(directory, 'key'), '../key', '/etc/passwd', 'missing'])
    await expect(power(url + file).status(call)).rejects.toMatchObject({ code: 'AT_HOST_DRIVER_FILE' });
});

test('a server control file switches the power of its host, each call a step', async () => {
  const pdu = await started(startPdu(2));
  const lab = new Lab();
  try {
    const here = lab.localHost();
    const body = `
      const { power } = job.hosts[0];
      const before = await power.status();
      await power.cycle();
      const code = await power.reset().catch((error) => error.code);
      job.keyval({ before, after: await power.status(), code });
    `;
    const url = `snmp://127.0.0.1:${pdu.port}/2?model=apc&community-file=right`;
    const run = await lab.run({
      files: { 'control.ts': serverControl(body) },
      hosts: [{ ...here, attributes: { ...here.attributes, power: url } }],
      env: { AUTOTEST_SECRETS_DIR: join(directory, 'secrets') },
    });
    expect((await run.ended).exitCode, run.log()).toBe(0);
    expect(run.tree().keyvals).toEqual({ before: 'off', after: 'on', code: 'AT_NOT_SUPPORTED' });
    expect(run.of('step').map(({ key }) => key)).toEqual([
      'host.power:here: status#1',
      'host.power:here: cycle#2',
      'host.power:here: reset#3',
      'host.power:here: status#4',
    ]);
  } finally {
    await lab.dispose();
  }
});
