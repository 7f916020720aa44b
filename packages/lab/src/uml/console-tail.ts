const keptBytes = 2048;

/** The last words of a console, where a kernel says how it ended. */
export class ConsoleTail {
  #text = '';

  add(chunk: Uint8Array): void {
    this.#text = (this.#text + Buffer.from(chunk).toString('latin1')).slice(-keptBytes);
  }

  has(words: string): boolean {
    return this.#text.includes(words);
  }

  clear(): void {
    this.#text = '';
  }
}
