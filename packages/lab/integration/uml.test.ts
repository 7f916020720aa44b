import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runLocal } from '@autotest/core/node';
import { Chassis } from '../src/bmc/chassis.ts';
import { startIpmiBmc } from '../src/bmc/ipmi-bmc.ts';
import { startRedfishBmc } from '../src/bmc/redfish-bmc.ts';
import { startSnmpPdu } from '../src/bmc/snmp-pdu.ts';
import { guestImage } from '../src/image/guest-image.ts';
import { UmlMachine } from '../src/uml/uml-machine.ts';
import { eventually, missingPrograms, nodeProgram, TestNetwork } from './machine-support.ts';

const imageTimeoutMs = 15 * 60_000;

const missing = missingPrograms('linux.uml', 'mmdebstrap', 'mke2fs', 'socat', 'ip', 'ssh', 'ipmi_sim', 'ipmitool');

describe.skipIf(missing)('a User-mode Linux machine', () => {
  let network: TestNetwork;
  let options: ReturnType<TestNetwork['machine']>;
  let machine: UmlMachine;

  beforeAll(async () => {
    const image = await guestImage({ onProgress: (what) => console.log(`guest image: ${what}`) });
    network = new TestNetwork();
    options = network.machine('uml1');
    machine = new UmlMachine({ ...options, image });
    await machine.powerOn();
  }, imageTimeoutMs);

  afterAll(async () => {
    await machine?.dispose();
    await network?.close();
  });

  it('lets its key in as root and has name and address of its own', async () => {
    expect(await network.ssh(options, 'id -un; hostname; ip -4 -o addr show dev vec0')).toMatch(
      /^root\numl1\n.*198\.18\.250\.2\/24/,
    );
    expect(await network.ssh(options, 'uname -r')).not.toBe('');
  });

  it('has room and memory for the Node that Autotest brings along', async () => {
    const command =
      'cat > /var/tmp/node && chmod +x /var/tmp/node && /var/tmp/node -p process.version && df -m --output=avail / | tail -1';
    const [version, freeMb] = (await network.ssh(options, command, nodeProgram)).split('\n');
    expect(version).toMatch(/^v24\./);
    expect(Number(freeMb)).toBeGreaterThan(600);
  });

  it('comes back from a reboot of its own with another boot id and the same disk', async () => {
    const before = await network.bootId(options);
    await network.ssh(options, 'echo kept > /root/kept; (sleep 0.2; reboot) > /dev/null 2>&1 < /dev/null &');
    await options.console.shows('reboot: Restarting system');
    expect(await network.ssh(options, 'cat /root/kept')).toBe('kept');
    expect(await network.bootId(options)).not.toBe(before);
    expect(machine.powered).toBe(true);
  });

  it('gives a root shell on its console', async () => {
    const from = options.console.text.length;
    await options.console.type('echo answer $((6 * 7))\n');
    expect(await options.console.shows('answer 42', from)).toContain('answer 42');
  });

  it('prints where it is when it gets an NMI', async () => {
    const from = options.console.text.length;
    await machine.nmi();
    await options.console.shows('sysrq: Show Regs', from);
    expect(await network.ssh(options, 'echo there')).toBe('there');
  });

  it('is silent while it is frozen, and goes on where it was', async () => {
    const before = await network.bootId(options);
    await machine.freeze();
    expect(await network.answers(options)).toBe(false);
    await machine.thaw();
    expect(await network.bootId(options)).toBe(before);
  });

  it('panics for real, hangs with the panic on its console, and comes back after a power cycle', async () => {
    const before = await network.bootId(options);
    await network.ssh(options, 'echo staying > /root/synced; sync');
    await options.console.panic();
    expect(machine.powered).toBe(true);
    expect(await network.answers(options)).toBe(false);
    const bmc = await startIpmiBmc(new Chassis(machine), {
      stateDir: join(network.dir, 'bmc'),
      address: '198.18.250.1',
      port: 623,
      user: 'admin',
      password: 'secret',
      enter: network.enter,
    });
    try {
      const login = ['-I', 'lanplus', '-C', '3', '-H', '198.18.250.1', '-U', 'admin', '-P', 'secret'];
      await network.run(['ipmitool', ...login, 'chassis', 'power', 'cycle']);
      expect(await network.bootId(options)).not.toBe(before);
    } finally {
      await bmc.close();
    }
    expect(await network.ssh(options, 'cat /root/synced')).toBe('staying');
  });

  it('comes back from a reset through Redfish', async () => {
    const before = await network.bootId(options);
    const login = { address: '127.0.0.1', port: 0, user: 'admin', password: 'secret' };
    const bmc = await startRedfishBmc(new Chassis(machine), login);
    try {
      const { host } = new URL(bmc.url.replace('redfish+', ''));
      const response = await fetch(`http://${host}/redfish/v1/Systems/1/Actions/ComputerSystem.Reset`, {
        method: 'POST',
        headers: { Authorization: `Basic ${Buffer.from('admin:secret').toString('base64')}` },
        body: JSON.stringify({ ResetType: 'ForceRestart' }),
      });
      expect(response.status).toBe(204);
      expect(await network.bootId(options)).not.toBe(before);
    } finally {
      await bmc.close();
    }
  });

  it.skipIf(missingPrograms('snmpset'))('dies and comes back with the outlet of its power strip', async () => {
    const before = await network.bootId(options);
    const strip = await startSnmpPdu([machine], { address: '127.0.0.1', port: 0 });
    try {
      const { host } = new URL(strip.url.replace('snmp:', 'http:'));
      const set = ['snmpset', '-v2c', '-c', 'private', host, '1.3.6.1.4.1.318.1.1.12.3.3.1.1.4.1', 'i'];
      expect((await runLocal([...set, '2'])).exitCode).toBe(0);
      await eventually('its power is gone', () => !machine.powered);
      expect((await runLocal([...set, '1'])).exitCode).toBe(0);
      expect(await network.bootId(options)).not.toBe(before);
    } finally {
      await strip.close();
    }
  });

  it('is off after it powered off by itself, or was asked to', async () => {
    await network.ssh(options, '(sleep 0.2; poweroff) > /dev/null 2>&1 < /dev/null &');
    await eventually('it is off', () => !machine.powered);
    await machine.powerOn();
    await network.ssh(options, 'true');
    await machine.softOff();
    await eventually('it is off', () => !machine.powered);
  });

  it('leaves no process and no file behind', async () => {
    await machine.powerOn();
    await network.ssh(options, 'true');
    await machine.dispose();
    expect(existsSync(options.stateDir)).toBe(false);
    expect(await network.answers(options)).toBe(false);
  });
});
