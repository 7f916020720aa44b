import { writeSync } from 'node:fs';
import { errorCode } from '../error-code.ts';

const pause = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes to this process's output and waits until it is taken, so that a command that writes fast cannot fill the memory of the test, and nothing is
 * pending when the process ends.
 */
export function writeOutput(chunk: Uint8Array): void {
  for (let at = 0; at < chunk.length;) {
    try {
      at += writeSync(1, chunk, at);
    } catch (error) {
      // Nobody reads any more.
      if (errorCode(error) !== 'EAGAIN') return;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

/** Waits until what was written by `console.log` and the like is taken. */
export async function flushOutput(): Promise<void> {
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
}
