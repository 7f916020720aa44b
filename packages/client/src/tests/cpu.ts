import { createHash } from 'node:crypto';
import { defineTest } from '@autotest/core';

/** Hashes for a while. One thread, no files, no network: small differences between runs, so changes of the CPU's speed are seen. */
export const cpuTest = defineTest({
  name: 'cpu',
  doc: 'Hashes memory with SHA-256 on one CPU and gives the throughput.',
  author: 'Autotest',
  params: {
    seconds: { type: 'number', default: 1, min: 0.01, max: 3600, doc: 'how long each iteration hashes' },
    blockKb: { type: 'number', default: 256, min: 1, max: 65_536, doc: 'size of the block that is hashed' },
  },
  runOnce(t, { seconds, blockKb }) {
    const block = Buffer.alloc(blockKb * 1024, 0x5a);
    const startedAt = performance.now();
    let blocks = 0;
    let elapsedMs = 0;
    while (elapsedMs < seconds * 1000) {
      createHash('sha256').update(block).digest();
      blocks += 1;
      elapsedMs = performance.now() - startedAt;
    }
    const megabytes = (blocks * block.length) / 1e6;
    t.metric({ name: 'sha256', value: round(megabytes / (elapsedMs / 1000)), unit: 'MB/s', direction: 'higher' });
  },
});

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
