/** A piece of a file: `text` are its bytes from `offset` to `nextOffset`, cut at whole characters. */
export interface LogPiece {
  readonly offset: number;
  readonly nextOffset: number;
  readonly text: string;
}

/**
 * The part of a log that a viewer holds: lines between two byte offsets. Pieces may come twice or overlap (a stream that resumes); each byte is shown
 * once. Keeps at most `maxLines`; the oldest go first.
 */
export class LogBuffer {
  #lines: string[] = [''];
  #start: number;
  #end: number;
  #dropped = 0;
  readonly #maxLines: number;

  constructor(start = 0, maxLines = 200_000) {
    this.#start = start;
    this.#end = start;
    this.#maxLines = maxLines;
  }

  /** Offset of the first byte held. */
  get start(): number {
    return this.#start;
  }

  /** Offset behind the last byte held: where to go on. */
  get end(): number {
    return this.#end;
  }

  /** Lines to show; a last line that is still empty is not one. */
  get lineCount(): number {
    return this.#lines.length - (this.#lines.at(-1) === '' ? 1 : 0);
  }

  /** Lines that had to go to stay within the limit. */
  get droppedLines(): number {
    return this.#dropped;
  }

  /** Number of the first line held, from 1; undefined while its beginning is not known. */
  get firstLineNumber(): number | undefined {
    return this.#start === 0 ? this.#dropped + 1 : undefined;
  }

  line(index: number): string {
    return this.#lines[index] ?? '';
  }

  /** Adds what follows. Gives how many new lines there are to show; what is already there adds nothing. */
  append(piece: LogPiece): number {
    if (piece.nextOffset <= this.#end) return 0;
    const before = this.lineCount + this.#dropped;
    const text = piece.offset < this.#end ? behindBytes(piece.text, this.#end - piece.offset) : piece.text;
    if (piece.offset > this.#end) this.#add(`\n[${piece.offset - this.#end} bytes are missing here]\n`);
    this.#add(text);
    this.#end = piece.nextOffset;
    this.#trim();
    return this.lineCount + this.#dropped - before;
  }

  /** Puts in front what comes before; it must end where the buffer starts. Gives how many lines the old ones moved down. */
  prepend(piece: LogPiece): number {
    if (piece.nextOffset !== this.#start || this.#dropped > 0) return 0;
    const earlier = piece.text.split('\n');
    const moved = earlier.length - 1;
    // The first line held was the rest of a line that begins in the earlier piece.
    this.#lines[0] = (earlier.pop() ?? '') + (this.#lines[0] ?? '');
    this.#lines = earlier.concat(this.#lines);
    this.#start = piece.offset;
    return moved;
  }

  #add(text: string): void {
    let from = 0;
    let at = text.indexOf('\n');
    if (at === -1) {
      this.#lines[this.#lines.length - 1] += text;
      return;
    }
    this.#lines[this.#lines.length - 1] += text.slice(0, at);
    while (at !== -1) {
      from = at + 1;
      at = text.indexOf('\n', from);
      this.#lines.push(at === -1 ? text.slice(from) : text.slice(from, at));
    }
  }

  #trim(): void {
    // Some slack, so that not every piece moves the whole array.
    if (this.#lines.length <= this.#maxLines * 1.1) return;
    const over = this.#lines.length - this.#maxLines;
    this.#lines = this.#lines.slice(over);
    this.#dropped += over;
  }
}

function behindBytes(text: string, bytes: number): string {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(bytes));
}
