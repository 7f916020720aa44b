/** Longest line; what is longer is cut into several. */
const maxLineLength = 4096;

export interface ConsoleLine {
  /** When its first character came, ms since the epoch. */
  readonly t: number;
  /** As it came, without the line break. */
  readonly text: string;
}

/** Makes lines of the bytes of a console; every kind of line break counts, and `\r\r\n` is one. Bytes that are no UTF-8 become U+FFFD. */
export class ConsoleLineSplitter {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #since = 0;
  #afterReturn = false;

  /** Complete lines of a chunk that came at `t`. */
  push(chunk: Uint8Array, t: number): ConsoleLine[] {
    const lines: ConsoleLine[] = [];
    for (const part of this.#decoder.decode(chunk, { stream: true }).split(/(\r+\n|\r+|\n)/)) {
      if (part === '') continue;
      if (part.startsWith('\r') || part === '\n') this.#break(part, t, lines);
      else this.#add(part, t, lines);
    }
    return lines;
  }

  /** What stands behind the last line break. */
  get partial(): string {
    return this.#rest;
  }

  /** What is left at the end. */
  flush(): ConsoleLine[] {
    return this.#rest === '' ? [] : [this.#take()];
  }

  #break(part: string, t: number, lines: ConsoleLine[]): void {
    // `\r` ended the line already, when its `\n` came in the next chunk.
    const isSecondHalf = this.#afterReturn && part.endsWith('\n') && this.#rest === '';
    this.#afterReturn = !part.endsWith('\n');
    if (isSecondHalf) return;
    if (this.#rest === '') this.#since = t;
    lines.push(this.#take());
  }

  #add(part: string, t: number, lines: ConsoleLine[]): void {
    this.#afterReturn = false;
    if (this.#rest === '') this.#since = t;
    this.#rest += part;
    while (this.#rest.length > maxLineLength) {
      lines.push({ t: this.#since, text: this.#rest.slice(0, maxLineLength) });
      this.#rest = this.#rest.slice(maxLineLength);
    }
  }

  #take(): ConsoleLine {
    const line = { t: this.#since, text: this.#rest };
    this.#rest = '';
    return line;
  }
}
