/** Keeps the first `limit` bytes of a stream and counts the rest. */
export class OutputSink {
  readonly #limit: number;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  droppedBytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(chunk: Buffer): void {
    const room = this.#limit - this.#kept;
    if (room <= 0) {
      this.droppedBytes += chunk.length;
      return;
    }
    const part = chunk.length > room ? chunk.subarray(0, room) : chunk;
    // A copy: a small part must not keep the large block alive that it was cut from.
    this.#chunks.push(part.length < chunk.length ? Buffer.from(part) : part);
    this.#kept += part.length;
    this.droppedBytes += chunk.length - part.length;
  }

  /** As text; bytes that are no UTF-8 become U+FFFD. */
  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}
