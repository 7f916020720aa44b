/** Keeps the first bytes and lines of a stream up to a limit and counts what comes after. */
export class OutputHead {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #linesLeft: number;
  droppedBytes = 0;

  constructor(limitBytes: number, limitLines = Infinity) {
    this.#limit = limitBytes;
    this.#linesLeft = limitLines;
  }

  add(chunk: Buffer): void {
    const room = Math.min(this.#limit - this.#kept, this.#roomInLines(chunk));
    const part = chunk.length <= room ? chunk : chunk.subarray(0, Math.max(0, room));
    // Small chunks keep a whole pool buffer alive; copying what is kept bounds memory by the limit.
    if (part.length > 0) this.#chunks.push(Buffer.from(part));
    this.#kept += part.length;
    this.droppedBytes += chunk.length - part.length;
  }

  /** Bytes of a chunk up to the end of the last line that is kept. */
  #roomInLines(chunk: Buffer): number {
    if (this.#linesLeft === Infinity) return chunk.length;
    let end = 0;
    while (this.#linesLeft > 0) {
      const newline = chunk.indexOf(10, end);
      if (newline === -1) return chunk.length;
      end = newline + 1;
      this.#linesLeft--;
    }
    return end;
  }

  /** Bytes that are no UTF-8 come as U+FFFD. */
  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
