import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import { PathEscapeError } from '../../errors/file-errors.ts';
import { confinePath } from '../paths.ts';

const unwatchedPollMs = 25;

/** Rings when a file below a directory changed, or after a while. */
export class FileAlarm {
  readonly #signal: AbortSignal;
  /** Undefined for what lies outside: nobody waits for that. */
  readonly #file: string | undefined;
  #watcher: FSWatcher | undefined;
  #ring: (() => void) | undefined;
  #rang = false;

  constructor(root: string, path: string, signal: AbortSignal) {
    this.#file = confined(root, path);
    this.#signal = signal;
    signal.addEventListener('abort', this.#onRing, { once: true });
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
    this.#signal.removeEventListener('abort', this.#onRing);
  }

  readonly #onRing = (): void => {
    this.#rang = true;
    this.#ring?.();
  };

  /** The directory, which may come later than we; where it cannot be watched, the clock has to do. */
  #watch(): void {
    if (this.#watcher !== undefined || this.#file === undefined) return;
    try {
      const name = basename(this.#file);
      this.#watcher = watch(dirname(this.#file), { persistent: false }, (_event, changed) => {
        if (changed === name || changed === null) this.#onRing();
      });
      // What came between the look before and the watch.
      this.#rang = true;
      this.#watcher.on('error', () => this.#watcher?.close());
    } catch {
      this.#watcher = undefined;
    }
  }
}

function confined(root: string, path: string): string | undefined {
  try {
    return confinePath(root, path);
  } catch (error) {
    if (error instanceof PathEscapeError) return undefined;
    throw error;
  }
}
