import { StringDecoder } from 'node:string_decoder';
import { formatLimits } from './format-reader.ts';

/** Cuts a stream of bytes into lines. A line that is too long is cut, and `onCut` is told; memory is bounded by one line. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  readonly #onCut: (limit: number) => void;
  #rest = '';
  #isCut = false;

  constructor(onLine: (line: string) => void, onCut: (limit: number) => void) {
    this.#onLine = onLine;
    this.#onCut = onCut;
  }

  write(chunk: Uint8Array): void {
    const text = this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#take(text.slice(start, end));
      this.#emit();
      start = end + 1;
    }
    this.#take(text.slice(start));
  }

  end(): void {
    this.#take(this.#decoder.end());
    if (this.#rest !== '') this.#emit();
  }

  #take(part: string): void {
    const room = formatLimits.lineBytes - this.#rest.length;
    if (part.length > room && !this.#isCut) {
      this.#isCut = true;
      this.#onCut(formatLimits.lineBytes);
    }
    if (room > 0) this.#rest += part.slice(0, room);
  }

  #emit(): void {
    const line = this.#rest.endsWith('\r') ? this.#rest.slice(0, -1) : this.#rest;
    this.#rest = '';
    this.#isCut = false;
    this.#onLine(line);
  }
}
