/**
 * The last line of a terminal, rewritten in place while something runs; lines printed meanwhile go above it. Not on a terminal it shows nothing: pipes get
 * plain lines only.
 */
export class StatusLine {
  readonly #stream: NodeJS.WriteStream;
  #text = '';

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  set(text: string): void {
    if (!this.#stream.isTTY || text === this.#text) return;
    this.#text = text;
    this.#draw();
  }

  /** Prints a line above the status line, to the given stream. */
  print(line: string, to: NodeJS.WriteStream = process.stdout): void {
    this.#erase();
    to.write(`${line}\n`);
    this.#draw();
  }

  clear(): void {
    this.#erase();
    this.#text = '';
  }

  #draw(): void {
    if (!this.#stream.isTTY || this.#text === '') return;
    const width = this.#stream.columns || 80;
    this.#stream.write(`\r\u001b[2K${this.#text.length < width ? this.#text : `${this.#text.slice(0, width - 2)}…`}`);
  }

  #erase(): void {
    if (this.#stream.isTTY && this.#text !== '') this.#stream.write('\r\u001b[2K');
  }
}
