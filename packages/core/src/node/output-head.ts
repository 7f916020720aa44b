/** Keeps the first bytes of a stream up to a limit and counts what comes after. */
export class OutputHead {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  droppedBytes = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  add(chunk: Buffer): void {
    const room = this.#limit - this.#kept;
    const part = chunk.length <= room ? chunk : chunk.subarray(0, Math.max(0, room));
    // Small chunks keep a whole pool buffer alive; copying what is kept bounds memory by the limit.
    if (part.length > 0) this.#chunks.push(Buffer.from(part));
    this.#kept += part.length;
    this.droppedBytes += chunk.length - part.length;
  }

  /** Bytes that are no UTF-8 come as U+FFFD. */
  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
