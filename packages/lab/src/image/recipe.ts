import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { guestFiles, initramfsInit } from './guest-files.ts';

/** Everything that decides what is in a guest image: two equal recipes give equal images. */
export interface ImageRecipe {
  readonly format: number;
  readonly suite: string;
  readonly packages: readonly string[];
  /** Modules that the initramfs loads, with what they need. */
  readonly earlyModules: readonly string[];
  /** Release of the User-mode Linux kernel whose modules are in it; empty where it is not installed. */
  readonly umlRelease: string;
  readonly diskBytes: number;
  readonly files: Readonly<Record<string, string>>;
  readonly initramfsInit: string;
}

export const umlModulesDir = '/usr/lib/uml/modules';

/** The recipe for this machine: its own release of Debian where it is one, else Debian 12. */
export function imageRecipe(): ImageRecipe {
  return {
    format: 1,
    suite: debianSuite(),
    packages: ['openssh-server', 'iproute2', 'procps', 'kmod', 'busybox-static', 'linux-image-cloud-amd64'],
    earlyModules: ['virtio_pci', 'virtio_blk', 'virtio_net', 'pvpanic-mmio'],
    umlRelease: existsSync(umlModulesDir) ? (readdirSync(umlModulesDir)[0] ?? '') : '',
    diskBytes: 2 * 1024 ** 3,
    files: guestFiles,
    initramfsInit,
  };
}

/** Name of the image that a recipe gives. */
export function recipeKey(recipe: ImageRecipe): string {
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16);
}

function debianSuite(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1];
  return /^ID=debian$/m.test(release) && codename !== undefined ? codename : 'bookworm';
}
