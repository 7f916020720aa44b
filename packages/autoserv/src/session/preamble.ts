import type { Readable } from 'node:stream';

/** More is no preamble of ours. */
const maxBytes = 64 * 1024;

/** Reads the lines that stand before something else in a stream, up to and with the one that begins with `end=`; what comes behind stays in the stream. */
export class Preamble {
  readonly lines: Promise<string[]>;
  readonly #stream: Readable;
  readonly #outcome = Promise.withResolvers<string[]>();
  #buffer = Buffer.alloc(0);
  readonly #onData = (chunk: Buffer): void => this.#take(chunk);

  constructor(stream: Readable) {
    this.#stream = stream;
    this.lines = this.#outcome.promise;
    this.lines.catch(() => {});
    stream.on('data', this.#onData);
  }

  /** Nothing more comes. */
  end(): void {
    this.#settle(this.#buffer.length);
  }

  fail(error: unknown): void {
    this.#stream.off('data', this.#onData);
    this.#outcome.reject(error);
  }

  #take(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    const start = this.#buffer.subarray(0, 4).equals(Buffer.from('end=')) ? 0 : this.#buffer.indexOf('\nend=') + 1;
    const found = start > 0 || this.#buffer.subarray(0, 4).equals(Buffer.from('end='));
    const end = found ? this.#buffer.indexOf(10, start) : -1;
    if (end !== -1) this.#settle(end + 1);
    else if (this.#buffer.length > maxBytes) this.fail(new Error('it said too much before anything else'));
  }

  #settle(length: number): void {
    this.#stream.off('data', this.#onData);
    this.#stream.pause();
    const rest = this.#buffer.subarray(length);
    if (rest.length > 0) this.#stream.unshift(rest);
    this.#outcome.resolve(this.#buffer.toString('utf8', 0, length).split('\n'));
    this.#buffer = Buffer.alloc(0);
  }
}
