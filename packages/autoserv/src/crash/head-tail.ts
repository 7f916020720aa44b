/** Keeps the first and the last bytes of something long; what a crash says stands at either end. */
export class HeadTail {
  readonly #half: number;
  readonly #head: Buffer[] = [];
  #tail: Buffer[] = [];
  #headBytes = 0;
  #tailBytes = 0;
  #totalBytes = 0;

  constructor(maxBytes: number) {
    this.#half = Math.floor(maxBytes / 2);
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  get droppedBytes(): number {
    return this.#totalBytes - this.#headBytes - Math.min(this.#tailBytes, this.#half);
  }

  push(chunk: Buffer): void {
    this.#totalBytes += chunk.length;
    const first = chunk.subarray(0, this.#half - this.#headBytes);
    if (first.length > 0) this.#head.push(first);
    this.#headBytes += first.length;
    const rest = chunk.subarray(first.length);
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    // Joined now and then only, so that many small chunks cost little.
    if (this.#tailBytes > 2 * this.#half || this.#tail.length > 1000) this.#cut();
  }

  bytes(): Buffer {
    this.#cut();
    const { droppedBytes } = this;
    const mark = droppedBytes > 0 ? [Buffer.from(`\n… ${droppedBytes} bytes left out …\n`)] : [];
    return Buffer.concat([...this.#head, ...mark, ...this.#tail]);
  }

  #cut(): void {
    const joined = Buffer.concat(this.#tail);
    const kept = Buffer.from(joined.subarray(Math.max(0, joined.length - this.#half)));
    this.#tail = [kept];
    this.#tailBytes = kept.length;
  }
}
