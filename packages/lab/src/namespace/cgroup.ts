import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LabUnfitError } from '../errors.ts';

/** A control group: processes that are frozen together. */
export interface Cgroup {
  /** File to which a process writes its pid to join, with all that it will start. */
  readonly joinFile: string;
  freeze(): Promise<void>;
  thaw(): Promise<void>;
}

/** Makes the control group of one host. @param lab name of the lab @throws LabUnfitError */
export function makeCgroup(lab: string, host: string): Cgroup {
  const { root, version } = findFreezer();
  const directory = join(root, 'autotest-lab', lab, host);
  mkdirSync(directory, { recursive: true });
  const set = async (frozen: boolean): Promise<void> => {
    if (version === 2) writeFileSync(join(directory, 'cgroup.freeze'), frozen ? '1' : '0');
    else writeFileSync(join(directory, 'freezer.state'), frozen ? 'FROZEN' : 'THAWED');
    if (frozen) await untilFrozen(directory, version);
  };
  return { joinFile: join(directory, 'cgroup.procs'), freeze: () => set(true), thaw: () => set(false) };
}

/** Kills all processes of a lab's groups and deletes the groups. */
export async function cleanCgroup(lab: string): Promise<void> {
  const found = freezerOrNone();
  if (found === undefined) return;
  const directory = join(found.root, 'autotest-lab', lab);
  for (let tries = 0; existsSync(directory) && tries < 200; tries++) {
    for (const group of [...groupsBelow(directory), directory]) removeGroup(group);
    if (existsSync(directory)) await delay(10);
  }
}

interface Freezer {
  readonly root: string;
  readonly version: 1 | 2;
}

function findFreezer(): Freezer {
  const found = freezerOrNone();
  if (found) return found;
  throw new LabUnfitError('no cgroup file system is mounted', 'Mount one at /sys/fs/cgroup.');
}

function freezerOrNone(): Freezer | undefined {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const unified = mounts.find(([, , type]) => type === 'cgroup2')?.[1];
  if (unified !== undefined) return { root: unified, version: 2 };
  const freezer = mounts.find(
    ([, , type, options = '']) => type === 'cgroup' && options.split(',').includes('freezer'),
  );
  return freezer?.[1] === undefined ? undefined : { root: freezer[1], version: 1 };
}

async function untilFrozen(directory: string, version: 1 | 2): Promise<void> {
  const isFrozen = (): boolean =>
    version === 2
      ? readFileSync(join(directory, 'cgroup.events'), 'utf8').includes('frozen 1')
      : readFileSync(join(directory, 'freezer.state'), 'utf8').startsWith('FROZEN');
  for (let tries = 0; !isFrozen() && tries < 100; tries++) await delay(5);
}

function groupsBelow(directory: string): string[] {
  const entries = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.flatMap((entry) => [...groupsBelow(join(directory, entry.name)), join(directory, entry.name)]);
}

function removeGroup(group: string): void {
  try {
    // A frozen process of version 1 dies only when it is thawed.
    if (existsSync(join(group, 'freezer.state'))) writeFileSync(join(group, 'freezer.state'), 'THAWED');
    for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
      process.kill(Number(pid), 'SIGKILL');
    rmdirSync(group);
  } catch {
    // It is still in use, or gone already: the caller looks again.
  }
}
