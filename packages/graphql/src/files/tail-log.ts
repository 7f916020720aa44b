import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readChunk, type FileChunk } from './read-chunk.ts';

export interface TailOptions {
  readonly root: string;
  readonly path: string;
  /** Bytes. */
  readonly offset: number;
  /** Whether the file grows no more. Asked again and again, so it should be cheap. */
  readonly isOver: () => Promise<boolean>;
  /** Calls back when it may be over; gives a disposer. */
  readonly onChange?: ((callback: () => void) => () => void) | undefined;
  readonly signal: AbortSignal;
  /** How often the file is looked at though nothing was heard of it. @default 200 */
  readonly pollMs?: number | undefined;
}

const chunkBytes = 64 * 1024;
const unwatchedPollMs = 25;

/**
 * The text of a file from an offset: what is there, then what is added. Waits for a file that does not exist yet. The last chunk has `end` set and comes
 * when the file grows no more and everything was sent.
 */
export async function* tailLog(options: TailOptions): AsyncGenerator<FileChunk, void, undefined> {
  const { root, path, signal, pollMs = 200 } = options;
  const alarm = new Alarm(join(root, path), signal, options.onChange);
  let offset = options.offset;
  try {
    while (!signal.aborted) {
      // Asked before reading: what is there after the end was known is everything.
      const over = await options.isOver();
      const chunk = await readChunk(root, path, offset, chunkBytes, over);
      if (chunk !== undefined && chunk.nextOffset > offset) {
        offset = chunk.nextOffset;
        const { atEnd, ...sent } = chunk;
        yield { ...sent, end: over && atEnd };
        if (over && atEnd) return;
        continue;
      }
      if (over) {
        yield { path, offset, nextOffset: offset, text: '', end: true };
        return;
      }
      await alarm.wait(pollMs);
    }
  } finally {
    alarm.close();
  }
}

/** Rings when the file changed, when `onChange` says so, or after a while. */
class Alarm {
  readonly #dispose: (() => void) | undefined;
  readonly #signal: AbortSignal;
  readonly #file: string;
  #watcher: FSWatcher | undefined;
  #ring: (() => void) | undefined;
  #rang = false;

  constructor(file: string, signal: AbortSignal, onChange: TailOptions['onChange']) {
    this.#file = file;
    this.#signal = signal;
    signal.addEventListener('abort', this.#onRing, { once: true });
    this.#dispose = onChange?.(this.#onRing);
  }

  async wait(ms: number): Promise<void> {
    if (this.#signal.aborted) return;
    this.#watch();
    if (!this.#rang) {
      await new Promise<void>((resolve) => {
        // Nothing tells of a directory that is not there yet, and its first line should not wait long.
        const timer = setTimeout(resolve, this.#watcher === undefined ? Math.min(ms, unwatchedPollMs) : ms);
        this.#ring = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#rang = false;
    this.#ring = undefined;
  }

  close(): void {
    this.#watcher?.close();
    this.#dispose?.();
    this.#signal.removeEventListener('abort', this.#onRing);
  }

  readonly #onRing = (): void => {
    this.#rang = true;
    this.#ring?.();
  };

  /** The directory, which may come later than we; where it cannot be watched, the clock has to do. */
  #watch(): void {
    if (this.#watcher !== undefined) return;
    try {
      const name = basename(this.#file);
      this.#watcher = watch(dirname(this.#file), { persistent: false }, (_event, changed) => {
        if (changed === name || changed === null) this.#onRing();
      });
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      this.#watcher = undefined;
    }
  }
}
