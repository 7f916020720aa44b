import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLocal } from '@autotest/core/node';

/** Files that describe a boot of the machine, kept under these names. */
const files: Readonly<Record<string, string>> = {
  meminfo: '/proc/meminfo',
  slabinfo: '/proc/slabinfo',
  version: '/proc/version',
  cpuinfo: '/proc/cpuinfo',
  modules: '/proc/modules',
  interrupts: '/proc/interrupts',
  partitions: '/proc/partitions',
  cmdline: '/proc/cmdline',
  mounts: '/proc/mounts',
  scaling_governor: '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor',
  current_clocksource: '/sys/devices/system/clocksource/clocksource0/current_clocksource',
  'os-release': '/etc/os-release',
};

/** Commands whose output is kept; one that is missing gives an empty file. */
const commands: readonly (readonly string[])[] = [
  ['lspci', '-vvnn'],
  ['gcc', '--version'],
  ['ld', '--version'],
  ['mount'],
  ['hostname'],
  ['uptime'],
  ['dmidecode'],
  ['ip', 'address'],
  ['ip', 'link'],
  ['numactl', '--hardware'],
  ['lscpu'],
  ['lsblk'],
  ['uname', '-a'],
  ['df', '-k'],
];

const commandTimeoutMs = 5000;
const maxFileBytes = 4 * 1024 * 1024;

/** Collects what describes this boot of the machine into `sysinfo/`, once a boot; what earlier boots left is kept in `sysinfo/boot.N`. Never fails. */
export async function collectBootSysinfo(resultsDir: string, bootId: string): Promise<void> {
  const directory = join(resultsDir, 'sysinfo');
  const marker = join(directory, 'boot_id');
  if (existsSync(marker) && readFileSync(marker, 'utf8').trim() === bootId) return;
  mkdirSync(directory, { recursive: true });
  setAside(directory);
  for (const [name, path] of Object.entries(files)) copy(path, join(directory, name));
  await Promise.all(commands.map((command) => keepOutput(directory, command)));
  writeFileSync(marker, `${bootId}\n`);
}

function setAside(directory: string): void {
  const names = readdirSync(directory).filter((name) => !name.startsWith('boot.'));
  if (!names.includes('boot_id')) return;
  const number = readdirSync(directory).filter((name) => name.startsWith('boot.')).length + 1;
  const aside = join(directory, `boot.${number}`);
  mkdirSync(aside);
  for (const name of names) renameSync(join(directory, name), join(aside, name));
}

function copy(from: string, to: string): void {
  try {
    // Files of /proc have no size, so they are read rather than copied.
    writeFileSync(to, readFileSync(from).subarray(0, maxFileBytes));
  } catch {
    // Not on this machine, or not for this user.
  }
}

async function keepOutput(directory: string, command: readonly string[]): Promise<void> {
  const { stdout } = await runLocal(command, {
    timeout: commandTimeoutMs,
    maxOutputBytes: maxFileBytes,
    killGraceMs: 0,
  });
  writeFileSync(join(directory, command.join('_')), stdout);
}
