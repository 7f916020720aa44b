import { join } from 'node:path';
import { printable } from '@autotest/core';
import { BoundedLog } from './bounded-log.ts';
import { log } from './client-log.ts';

/** Lines of one test that are shown in the client's own log; all of them are in the test's. */
const maxLines = 2000;
const maxLineBytes = 2000;
const newline = 10;

/** What a test or a command writes: whole (within bounds) into `debug/output.log` of its directory, and line by line into the client's own log for those who watch. */
export class OutputLog {
  readonly #whole: BoundedLog;
  readonly #name: string;
  #line = Buffer.alloc(0);
  #lines = 0;

  /** @param outputDir directory of the test, with `debug/` in it */
  constructor(outputDir: string, name: string) {
    this.#whole = new BoundedLog(join(outputDir, 'debug', 'output.log'));
    this.#name = printable(name, 100);
  }

  write(chunk: Uint8Array): void {
    this.#whole.write(chunk);
    if (this.#lines > maxLines) return;
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#show();
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  close(): void {
    if (this.#line.length > 0) this.#show();
    this.#whole.close();
  }

  #keep(part: Uint8Array): void {
    const room = maxLineBytes - this.#line.length;
    if (room > 0 && part.length > 0) this.#line = Buffer.concat([this.#line, part.subarray(0, room)]);
  }

  #show(): void {
    this.#lines += 1;
    const isLast = this.#lines > maxLines;
    if (this.#lines <= maxLines + 1)
      log(
        `${this.#name} | ${isLast ? '… more is in debug/output.log of the test' : printable(this.#line.toString(), maxLineBytes)}`,
      );
    this.#line = Buffer.alloc(0);
  }
}
