import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { quotePath, runScript, type Remote } from './remote.ts';

/** Equal blocks of a file; the last one is shorter. */
export interface BlockPlan {
  readonly blockBytes: number;
  readonly count: number;
}

/** Blocks in a row. */
export interface BlockRun {
  readonly start: number;
  readonly count: number;
}

const mebibyte = 1024 * 1024;
const maxBlocks = 512;

/** Blocks are so large that a host can hash each by a process of its own. */
export function planBlocks(size: number): BlockPlan {
  const blockBytes = Math.max(1, Math.ceil(size / mebibyte / maxBlocks)) * mebibyte;
  return { blockBytes, count: Math.ceil(size / blockBytes) };
}

/** sha256 of each block of a file on the host that begins within its first `size` bytes. */
export async function remoteBlockHashes(
  remote: Remote,
  file: string,
  plan: BlockPlan,
  size: number,
): Promise<string[]> {
  const count = Math.min(plan.count, Math.ceil(size / plan.blockBytes));
  const script = `i=0; while [ $i -lt ${count} ]; do dd if=${quotePath(file)} bs=${plan.blockBytes} skip=$i count=1 2>/dev/null | sha256sum; i=$((i+1)); done`;
  const text = await runScript(remote, script, file);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.slice(0, 64));
}

/** sha256 of each block of a file here. */
export async function localBlockHashes(file: string, plan: BlockPlan): Promise<string[]> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.allocUnsafeSlow(mebibyte);
    const hashes: string[] = [];
    for (let block = 0; block < plan.count; block++) {
      const hash = await hashRange(handle, block * plan.blockBytes, plan.blockBytes, buffer);
      if (hash === undefined) break;
      hashes.push(hash);
    }
    return hashes;
  } finally {
    await handle.close();
  }
}

async function hashRange(handle: FileHandle, from: number, bytes: number, buffer: Buffer): Promise<string | undefined> {
  const hash = createHash('sha256');
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, bytes - done), from + done);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    done += bytesRead;
  }
  return done === 0 ? undefined : hash.digest('hex');
}

/** Runs of blocks that are not there already. */
export function missingRuns(wanted: readonly string[], there: readonly string[]): BlockRun[] {
  const runs: { start: number; count: number }[] = [];
  wanted.forEach((hash, block) => {
    if (there[block] === hash) return;
    const last = runs.at(-1);
    if (last && last.start + last.count === block) last.count += 1;
    else runs.push({ start: block, count: 1 });
  });
  return runs;
}
