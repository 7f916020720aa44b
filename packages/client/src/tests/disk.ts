import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { TestFail, defineTest } from '@autotest/core';

const blockBytes = 1024 * 1024;

/** Writes a scratch file, syncs it, reads it back and compares. */
export const diskTest = defineTest({
  name: 'disk',
  doc: 'Writes, syncs and reads a scratch file, checks its content, and gives the throughput of both.',
  author: 'Autotest',
  params: {
    sizeMb: { type: 'number', default: 64, min: 1, max: 1_048_576, doc: 'size of the scratch file' },
    directory: { type: 'string', default: '', doc: "where it is written; the test's own scratch directory by default" },
  },
  async runOnce(t, { sizeMb, directory }) {
    const file = join(directory === '' ? t.tmpDir : directory, `autotest-disk-${process.pid}`);
    const handle = await open(file, 'wx+');
    try {
      const written = await writeAll(handle, sizeMb, t.signal);
      t.metric({ name: 'write', value: speed(sizeMb, written.ms), unit: 'MB/s', direction: 'higher' });
      const read = await readAll(handle, sizeMb, t.signal);
      t.metric({ name: 'read', value: speed(sizeMb, read.ms), unit: 'MB/s', direction: 'higher' });
      if (read.hash !== written.hash) throw new TestFail('what was read is not what was written');
    } finally {
      await handle.close();
      await t.run(['rm', '-f', file], { tee: false });
    }
  },
});

async function writeAll(
  handle: FileHandle,
  blocks: number,
  signal: AbortSignal,
): Promise<{ hash: string; ms: number }> {
  const hash = createHash('sha1');
  const block = Buffer.alloc(blockBytes);
  let ms = 0;
  for (let index = 0; index < blocks; index++) {
    signal.throwIfAborted();
    // Blocks differ, so one that comes twice or in the wrong place is seen.
    block.writeUInt32LE(index, 0);
    block.fill(index % 251, 4);
    hash.update(block);
    const startedAt = performance.now();
    await handle.write(block, 0, blockBytes, index * blockBytes);
    ms += performance.now() - startedAt;
  }
  const startedAt = performance.now();
  await handle.sync();
  return { hash: hash.digest('hex'), ms: ms + performance.now() - startedAt };
}

async function readAll(handle: FileHandle, blocks: number, signal: AbortSignal): Promise<{ hash: string; ms: number }> {
  const hash = createHash('sha1');
  const block = Buffer.alloc(blockBytes);
  let ms = 0;
  for (let index = 0; index < blocks; index++) {
    signal.throwIfAborted();
    const startedAt = performance.now();
    const { bytesRead } = await handle.read(block, 0, blockBytes, index * blockBytes);
    ms += performance.now() - startedAt;
    hash.update(block.subarray(0, bytesRead));
  }
  return { hash: hash.digest('hex'), ms };
}

function speed(megabytes: number, ms: number): number {
  return Math.round((megabytes / Math.max(ms, 0.001)) * 100_000) / 100;
}
