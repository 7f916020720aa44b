import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** What must be the same on both sides of a reboot. */
export interface BootFacts {
  readonly cpus: number;
  /** `device directory` of each mounted block device. */
  readonly mounts: readonly string[];
}

export function readBootFacts(): BootFacts {
  return { cpus: cpus().length, mounts: readMounts() };
}

export function saveBootFacts(file: string): void {
  writeFileSync(file, JSON.stringify(readBootFacts()), { flush: true });
}

/** What differs from the saved facts, in words; empty when nothing does, or nothing was saved. */
export function compareBootFacts(file: string, now: BootFacts = readBootFacts()): string[] {
  let before: BootFacts;
  try {
    before = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return [];
  }
  const lost = before.mounts.filter((mount) => !now.mounts.includes(mount));
  const found = now.mounts.filter((mount) => !before.mounts.includes(mount));
  return [
    ...(before.cpus === now.cpus ? [] : [`${before.cpus} CPUs became ${now.cpus}`]),
    ...(lost.length === 0 ? [] : [`no longer mounted: ${lost.join(', ')}`]),
    ...(found.length === 0 ? [] : [`newly mounted: ${found.join(', ')}`]),
  ];
}

function readMounts(): string[] {
  try {
    const lines = readFileSync('/proc/mounts', 'utf8').trimEnd().split('\n');
    const mounts = lines
      .filter((line) => line.startsWith('/dev/'))
      .map((line) => line.split(' ').slice(0, 2).join(' '));
    return [...new Set(mounts)].sort();
  } catch {
    return [];
  }
}
