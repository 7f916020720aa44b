import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guestImage } from '../src/image/guest-image.ts';
import { UmlMachine } from '../src/uml/uml-machine.ts';
import { eventually, missingPrograms, nodeProgram, TestNetwork } from './support.ts';

const imageTimeoutMs = 15 * 60_000;

describe.skipIf(missingPrograms('linux.uml', 'mmdebstrap', 'mke2fs', 'socat', 'ip', 'ssh'))(
  'a User-mode Linux machine',
  () => {
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
      const from = options.console.text.length;
      await network.ssh(options, 'echo staying > /root/synced; sync');
      await options.console.type('echo c > /proc/sysrq-trigger\n');
      await options.console.shows('Kernel panic - not syncing: sysrq triggered crash', from);
      expect(machine.powered).toBe(true);
      expect(await network.answers(options)).toBe(false);
      await machine.powerOff();
      expect(machine.powered).toBe(false);
      await machine.powerOn();
      expect(await network.bootId(options)).not.toBe(before);
      expect(await network.ssh(options, 'cat /root/synced')).toBe('staying');
    });

    it('comes back from the reset button', async () => {
      const before = await network.bootId(options);
      await machine.reset();
      expect(await network.bootId(options)).not.toBe(before);
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
  },
);
