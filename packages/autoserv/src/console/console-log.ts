import { appendFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { safeFileName } from '@autotest/core/node';
import { messageOf } from '@autotest/core';
import type { ConsoleLine } from './line-splitter.ts';
import { safeText } from './safe-text.ts';

/** Of one console: half for its beginning, half for its end. */
export const defaultMaxBytes = 64 * 1024 * 1024;

/**
 * Log of one console: `debug/console.<host>.log`, each line with the time at which it came. What is longer than half the limit goes on in
 * `debug/console.<host>.tail.log`, of which the newest part is kept (with one before it, `.tail.1.log`). A log that cannot be written is told once and left.
 */
export class ConsoleLog {
  /** Relative to the results directory. */
  readonly path: string;
  readonly #base: string;
  readonly #maxBytes: number;
  readonly #complain: (why: string) => void;
  #bytes = 0;
  #isTail = false;
  #broken = false;

  constructor(
    resultsDir: string,
    host: string,
    options: { readonly maxBytes?: number; readonly complain: (why: string) => void },
  ) {
    const name = `console.${safeFileName(host)}`;
    this.path = `debug/${name}.log`;
    this.#base = join(resultsDir, 'debug', name);
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
    this.#complain = options.complain;
    mkdirSync(join(resultsDir, 'debug'), { recursive: true });
  }

  write(lines: readonly ConsoleLine[]): void {
    if (lines.length === 0 || this.#broken) return;
    const text = lines.map(({ t, text: line }) => `${new Date(t).toISOString()} ${safeText(line)}\n`).join('');
    try {
      this.#append(text);
    } catch (error) {
      this.#broken = true;
      this.#complain(messageOf(error));
    }
  }

  /** A line of ours, told from the console's own by its dashes. */
  note(text: string): void {
    this.write([{ t: Date.now(), text: `--- ${text} ---` }]);
  }

  #append(text: string): void {
    const bytes = Buffer.byteLength(text);
    const limit = this.#isTail ? this.#maxBytes / 4 : this.#maxBytes / 2;
    if (this.#bytes > 0 && this.#bytes + bytes > limit) this.#turn();
    appendFileSync(this.#file, text);
    this.#bytes += bytes;
  }

  #turn(): void {
    if (this.#isTail) renameSync(this.#file, `${this.#base}.tail.1.log`);
    else
      appendFileSync(
        this.#file,
        `--- the log is too long: its end is in ${this.path.replace('.log', '.tail.log')} ---\n`,
      );
    this.#isTail = true;
    this.#bytes = 0;
  }

  get #file(): string {
    return this.#isTail ? `${this.#base}.tail.log` : `${this.#base}.log`;
  }
}
