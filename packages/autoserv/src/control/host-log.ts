import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Bytes of one log. */
const maxBytes = 256 * 1024 * 1024;

/** What commands of a server control file print, one file for each host: `debug/commands.<host>.log`. */
export class HostLog {
  readonly #directory: string;
  readonly #sizes = new Map<string, number>();
  readonly #onOutput: () => void;

  constructor(resultsDir: string, onOutput: () => void) {
    this.#onOutput = onOutput;
    this.#directory = join(resultsDir, 'debug');
    mkdirSync(this.#directory, { recursive: true });
  }

  /** Time-stamped line that says what comes. */
  line(host: string, text: string): void {
    this.write(host, Buffer.from(`${new Date().toISOString()} ${text}\n`));
  }

  write(host: string, chunk: Uint8Array): void {
    this.#onOutput();
    const size = this.#sizes.get(host) ?? 0;
    if (size > maxBytes) return;
    this.#sizes.set(host, size + chunk.length);
    const rest = size + chunk.length > maxBytes ? Buffer.from('\n… the log ends here: it is too large\n') : chunk;
    appendFileSync(join(this.#directory, `commands.${host}.log`), rest);
  }

  close(): void {
    this.#sizes.clear();
  }
}
