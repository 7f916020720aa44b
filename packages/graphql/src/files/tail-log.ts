import type { ResultsReader } from '@autotest/core/node';
import { toChunk, type FileChunk } from './read-chunk.ts';

export interface TailOptions {
  readonly results: ResultsReader;
  readonly path: string;
  /** Bytes. */
  readonly offset: number;
  /** Whether the file grows no more. Asked again and again, so it should be cheap. */
  readonly isOver: () => Promise<boolean>;
  readonly signal: AbortSignal;
  /** How often it is asked whether it is over, though nothing was heard of the file. @default 200 */
  readonly pollMs?: number | undefined;
}

const chunkBytes = 64 * 1024;

/**
 * The text of a file from an offset: what is there, then what is added. Waits for a file that does not exist yet. The last chunk has `end` set and comes
 * when the file grows no more and everything was sent.
 *
 * @throws ResultsUnreachableError
 */
export async function* tailLog(options: TailOptions): AsyncGenerator<FileChunk, void, undefined> {
  const { results, path, signal, pollMs = 200 } = options;
  const follower = results.follow(path, signal);
  let { offset } = options;
  let beyond = offset;
  try {
    while (!signal.aborted) {
      // Asked before reading: what is there after the end was known is everything.
      const over = await options.isOver();
      const found = await follower.read({ offset, lengthBytes: chunkBytes, beyond, waitMs: over ? 0 : pollMs });
      const chunk = found && toChunk(path, offset, found, over);
      if (chunk !== undefined && chunk.nextOffset > offset) {
        offset = chunk.nextOffset;
        beyond = offset;
        yield chunk;
        if (chunk.end) return;
        continue;
      }
      // Half a character: there is nothing to give before more is there.
      beyond = Math.max(offset, found?.sizeBytes ?? 0);
      if (over) {
        yield { path, offset, nextOffset: offset, text: '', end: true };
        return;
      }
    }
  } finally {
    follower.close();
  }
}
