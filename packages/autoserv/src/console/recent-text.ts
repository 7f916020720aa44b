/** Characters that are kept to be looked through. */
const kept = 64 * 1024;

/** The last text of a console, with places in it that stay the same while it grows. */
export class RecentText {
  #text = '';
  /** Place of the first character that is kept. */
  #start = 0;

  addLine(line: string): void {
    this.#text += `${line}\n`;
    // Now and then, not at each line.
    if (this.#text.length <= 2 * kept) return;
    this.#start += this.#text.length - kept;
    this.#text = this.#text.slice(-kept);
  }

  /** Place behind everything, `partial` being the line that has not ended. */
  end(partial: string): number {
    return this.#start + this.#text.length + partial.length;
  }

  /** First match that begins at `from` or later, as far back as text is kept. */
  find(pattern: RegExp, from: number, partial: string): { readonly text: string; readonly end: number } | undefined {
    const offset = Math.max(from, this.#start);
    const text = (this.#text + partial).slice(offset - this.#start);
    // Flags that keep a position would make it depend on who looked before.
    const match = new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).exec(text);
    return match ? { text: match[0], end: offset + match.index + match[0].length } : undefined;
  }
}
