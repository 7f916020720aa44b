import { join } from 'node:path';
import { seedWanted } from '../image/guest-files.ts';
import type { GuestImage } from '../image/guest-image.ts';

/** What decides how a virtual machine looks to its kernel. A snapshot fits machines that are equal in this. */
export interface QemuShape {
  readonly image: GuestImage;
  readonly memoryMb: number;
  readonly panicRebootSeconds: number;
  readonly kernelArgs: readonly string[];
}

export interface QemuFiles {
  /** qcow2, over the image's disk. */
  readonly disk: string;
  readonly seed: string;
  readonly qmpSocket: string;
}

export interface QemuNetwork {
  readonly tap: string;
  readonly macAddress: string;
}

/**
 * Command line of a virtual machine. Stdin and stdout are its serial line.
 *
 * Emulation is named (`-accel tcg`), because KVM opens on machines where it does not work. One processor: under emulation a second one makes booting three times
 * slower. `tb-size`, because the default keeps up to a gigabyte of translated code.
 * @param network undefined: a network card with nothing plugged in
 */
export function qemuCommand(shape: QemuShape, files: QemuFiles, network: QemuNetwork | undefined): string[] {
  const { image, memoryMb, panicRebootSeconds, kernelArgs } = shape;
  const append = [
    'console=ttyS0',
    'net.ifnames=0',
    'sysrq_always_enabled=1',
    `panic=${panicRebootSeconds}`,
    ...kernelArgs,
  ];
  const netdev = network
    ? `tap,id=net,ifname=${optionValue(network.tap)},script=no,downscript=no`
    : 'hubport,id=net,hubid=0';
  const mac = network ? `,mac=${network.macAddress}` : '';
  return [
    'qemu-system-x86_64',
    '-accel',
    'tcg,thread=single,tb-size=32',
    '-M',
    'pc',
    '-cpu',
    'max',
    '-smp',
    '1',
    '-m',
    String(memoryMb),
    '-nodefaults',
    '-no-user-config',
    '-display',
    'none',
    '-action',
    'panic=none',
    '-kernel',
    image.kernel,
    '-initrd',
    image.initramfs,
    '-append',
    append.join(' '),
    '-drive',
    `file=${optionValue(files.disk)},if=virtio,format=qcow2,cache=writeback`,
    '-drive',
    `file=${optionValue(files.seed)},if=virtio,format=raw,readonly=on,cache=none,aio=threads`,
    '-netdev',
    netdev,
    '-device',
    `virtio-net-pci,netdev=net,id=card,romfile=${mac}`,
    '-chardev',
    'stdio,id=line,signal=off',
    '-serial',
    'chardev:line',
    '-qmp',
    `unix:${optionValue(files.qmpSocket)},server=on,wait=off`,
    '-device',
    'pvpanic',
  ];
}

/** Whether a machine's console shows that it waits where snapshots are taken. */
export function waitsForSeed(consoleText: string): boolean {
  return consoleText.includes(seedWanted);
}

export function qemuFiles(stateDir: string): QemuFiles {
  return {
    disk: join(stateDir, 'disk.qcow2'),
    seed: join(stateDir, 'seed.img'),
    qmpSocket: join(stateDir, 'qmp.sock'),
  };
}

/** A value within QEMU's option lists, where a comma ends it. */
function optionValue(text: string): string {
  return text.replaceAll(',', ',,');
}
