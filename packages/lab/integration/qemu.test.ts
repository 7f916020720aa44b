import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chassis } from '../src/bmc/chassis.ts';
import { startIpmiBmc, type Bmc } from '../src/bmc/ipmi-bmc.ts';
import { guestImage } from '../src/image/guest-image.ts';
import { QemuMachine } from '../src/qemu/qemu-machine.ts';
import { eventually, missingPrograms, nodeProgram, TestNetwork } from './machine-support.ts';

const imageTimeoutMs = 15 * 60_000;
const programs = [
  'qemu-system-x86_64',
  'qemu-img',
  'mmdebstrap',
  'mke2fs',
  'ipmi_sim',
  'ipmitool',
  'socat',
  'ip',
  'ssh',
];

describe.skipIf(missingPrograms(...programs))('a virtual machine', () => {
  const events: string[] = [];
  let network: TestNetwork;
  let options: ReturnType<TestNetwork['machine']>;
  let machine: QemuMachine;
  let bmc: Bmc;

  beforeAll(async () => {
    const image = await guestImage({ onProgress: (what) => console.log(`guest image: ${what}`) });
    network = new TestNetwork();
    options = network.machine('qemu1');
    machine = new QemuMachine({ ...options, image, onEvent: ({ event }) => events.push(event) });
    bmc = await startIpmiBmc(new Chassis(machine), {
      stateDir: join(network.dir, 'bmc'),
      address: '198.18.250.1',
      port: 623,
      user: 'admin',
      password: 'secret',
      enter: network.enter,
    });
    await ipmi('on');
  }, imageTimeoutMs);

  afterAll(async () => {
    await bmc?.close();
    await machine?.dispose();
    await network?.close();
  });

  it('lets its key in as root, and has room and memory for the Node that Autotest brings along', async () => {
    const copy = 'cat > /var/tmp/node && chmod +x /var/tmp/node && /var/tmp/node -p process.version';
    expect(await network.ssh(options, copy, nodeProgram)).toMatch(/^v24\./);
    expect(Number(await network.ssh(options, 'df -m --output=avail / | tail -1'))).toBeGreaterThan(600);
    expect(await network.ssh(options, 'hostname')).toBe('qemu1');
  });

  it('comes back from a reboot of its own with another boot id', async () => {
    const before = await network.bootId(options);
    await network.ssh(options, '(sleep 0.2; reboot) > /dev/null 2>&1 < /dev/null &');
    await options.console.shows('reboot: Restarting system');
    expect(await network.bootId(options)).not.toBe(before);
  });

  it('shows an NMI on its console, and goes on', async () => {
    const from = options.console.text.length;
    await machine.nmi();
    await options.console.shows('NMI received', from);
    expect(await network.ssh(options, 'echo there')).toBe('there');
  });

  it('is silent while it is frozen or its cable is out', async () => {
    await machine.freeze();
    expect(await network.answers(options)).toBe(false);
    await machine.thaw();
    expect(await network.ssh(options, 'echo there')).toBe('there');
    await machine.setLink(false);
    expect(await network.answers(options)).toBe(false);
    await machine.setLink(true);
    expect(await network.ssh(options, 'echo there')).toBe('there');
  });

  it('panics for real, and comes back after a power cycle through its BMC', async () => {
    const before = await network.bootId(options);
    await options.console.panic();
    await eventually('QEMU tells of it', () => events.includes('GUEST_PANICKED'));
    expect(machine.powered).toBe(true);
    expect(await network.answers(options)).toBe(false);
    await ipmi('cycle');
    expect(await network.bootId(options)).not.toBe(before);
  });

  it('powers off when its operating system is asked to', async () => {
    await ipmi('soft');
    await eventually('it is off', () => !machine.powered);
    expect(await ipmi('status')).toBe('Chassis Power is off');
  });

  it('starts from a snapshot with a boot id, a clock and an address of its own', async () => {
    const image = await guestImage();
    const others = ['snap1', 'snap2'].map((name) => network.machine(name));
    const machines = others.map((other) => new QemuMachine({ ...other, image, powerOnFrom: 'snapshot' }));
    try {
      const ids: string[] = [];
      for (const [index, other] of others.entries()) {
        await machines[index]?.powerOn();
        expect(await network.ssh(other, 'hostname')).toBe(other.name);
        ids.push(await network.bootId(other));
        const clockS = Number(await network.ssh(other, 'date +%s'));
        expect(Math.abs(clockS - Date.now() / 1000)).toBeLessThan(60);
      }
      expect(new Set(ids).size).toBe(2);
    } finally {
      for (const each of machines) await each.dispose();
    }
  });

  it('leaves no process and no file behind', async () => {
    await machine.dispose();
    expect(machine.powered).toBe(false);
    expect(existsSync(options.stateDir)).toBe(false);
  });

  function ipmi(what: string): Promise<string> {
    const login = ['-I', 'lanplus', '-C', '3', '-H', '198.18.250.1', '-U', 'admin', '-P', 'secret'];
    return network.run(['ipmitool', ...login, 'chassis', 'power', what]);
  }
});
