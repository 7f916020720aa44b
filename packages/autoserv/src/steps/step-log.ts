import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of one step's log. */
const maxBytes = 4 * 1024 * 1024;

/**
 * Log of one step on one host: `steps/<host>/<kind>.<step>.log` below the results directory. Made with its first line; what is over the limit is dropped and said so.
 */
export class StepLog {
  /** Relative to the results directory. */
  readonly path: string;
  readonly #file: string;
  #bytes = 0;

  constructor(resultsDir: string, host: string, name: string) {
    this.path = `steps/${host}/${name.replaceAll(/[^\w.#-]+/g, '-')}.log`;
    this.#file = join(resultsDir, this.path);
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** A line with the time before it. */
  line(text: string): void {
    this.write(`${new Date().toISOString()} ${text}\n`);
  }

  write(chunk: string | Uint8Array): void {
    if (this.#bytes > maxBytes) return;
    if (this.#bytes === 0) mkdirSync(join(this.#file, '..'), { recursive: true });
    this.#bytes += chunk.length;
    appendFileSync(this.#file, this.#bytes > maxBytes ? '\n… the log ends here: it is too large\n' : chunk);
  }
}
