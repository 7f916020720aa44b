import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { isSameProcess, readProcessStart, writeFileAtomic } from '@autotest/core/node';
import { LabError } from '../errors.ts';

/** Labs of this machine: which block of addresses belongs to which process. */
const directory = '/run/autotest-lab';
/** /22 blocks in 198.18.0.0/16: as many labs, each with fewer hosts than a bridge has ports. */
const blocks = 64;

interface Claim {
  readonly pid: number;
  readonly startTicks: string;
}

/**
 * Takes the first block that nobody has. Blocks of processes that are gone are cleaned first, by `clean`.
 *
 * Killed before the claim is written: nothing was made. After it: the next lab finds the claim of a dead process, deletes all that has the block's names, and only then the claim.
 *
 * @throws LabError when all are taken
 */
export function claimBlock(clean: (block: number) => Promise<void>): Promise<number> {
  return locked(async () => {
    for (const block of claimed().filter((number) => isStale(number))) {
      await clean(block);
      rmSync(file(block), { force: true });
    }
    const taken = new Set(claimed());
    const free = Array.from({ length: blocks }, (_, number) => number).find((number) => !taken.has(number));
    if (free === undefined) throw new LabError(`There are ${blocks} labs on this machine already. Close one of them.`);
    const claim: Claim = { pid: process.pid, startTicks: readProcessStart(process.pid) ?? '' };
    writeFileAtomic(file(free), JSON.stringify(claim), 0o600);
    return free;
  });
}

/** Gives a block back. @param last called when no other lab is left on this machine */
export function releaseBlock(block: number, last: () => Promise<void>): Promise<void> {
  return locked(async () => {
    rmSync(file(block), { force: true });
    if (claimed().length === 0) await last();
  });
}

function file(block: number): string {
  return join(directory, `${block}.json`);
}

function claimed(): number[] {
  const names = readdirSync(directory).filter((name) => /^\d+\.json$/.test(name));
  return names.map((name) => Number.parseInt(name, 10));
}

function isStale(block: number): boolean {
  try {
    const { pid, startTicks } = JSON.parse(readFileSync(file(block), 'utf8')) as Claim;
    return !isSameProcess(pid, startTicks);
  } catch {
    return true;
  }
}

/** A lock of the kernel's, held by a child for as long as its stdin is open: it ends with us, however we end. */
async function locked<T>(action: () => Promise<T>): Promise<T> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const holder = spawn('flock', ['-w', '30', join(directory, 'lock'), 'sh', '-c', 'echo; read -r end'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const gone = new Promise<void>((resolve) => {
    holder.once('error', () => resolve());
    holder.once('close', () => resolve());
  });
  const got = await Promise.race([
    new Promise<boolean>((resolve) => {
      holder.stdout.once('data', () => resolve(true));
    }),
    gone.then(() => false),
  ]);
  if (!got) throw new LabError(`The lock of the labs in ${directory} is not given: another lab starts. Try again.`);
  try {
    return await action();
  } finally {
    holder.stdin.end();
    await gone;
  }
}
