import { tarBlockBytes } from './tar-header.ts';

/** An entry as a stranger tells it: nothing in it is to be trusted. */
export interface ReadEntry {
  readonly path: string;
  /** `other`: a directory, a device, a hard link … whose content, if any, is passed over. */
  readonly kind: 'file' | 'link' | 'hardLink' | 'other';
  readonly mode: number;
  readonly size: number;
  readonly target: string;
}

export interface TarSink {
  /** Says whether the content is wanted. */
  entry(entry: ReadEntry): boolean | Promise<boolean>;
  /** A piece of a wanted content. */
  data(chunk: Buffer): void | Promise<void>;
  /** After the last piece. */
  end(): void | Promise<void>;
}

/** Most bytes of names and other extensions of one entry. */
const maxExtensionBytes = 64 * 1024;

/**
 * Reads a stream of tar archives, one behind the other, as several runs of `tar` write it. Holds one chunk and one header at a time.
 *
 * @throws Error when it is no archive, or cut off
 */
export async function readTar(stream: AsyncIterable<Buffer>, sink: TarSink): Promise<void> {
  const parser = new TarParser(sink);
  for await (const chunk of stream) await parser.push(chunk);
  parser.finish();
}

class TarParser {
  readonly #sink: TarSink;
  #head: Buffer = Buffer.alloc(0);
  /** Content still to come of the present entry, and the padding behind it. */
  #left = 0;
  #padding = 0;
  #wanted = false;
  #extension: { type: string; chunks: Buffer[] } | undefined;
  #next: { path?: string; target?: string; size?: number } = {};

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  async push(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        const part = chunk.subarray(at, at + this.#left);
        at += part.length;
        this.#left -= part.length;
        if (this.#extension) this.#extension.chunks.push(part);
        else if (this.#wanted) await this.#sink.data(part);
        if (this.#left === 0) await this.#endOfContent();
      } else if (this.#padding > 0) {
        const skipped = Math.min(this.#padding, chunk.length - at);
        at += skipped;
        this.#padding -= skipped;
      } else {
        const part = chunk.subarray(at, at + tarBlockBytes - this.#head.length);
        at += part.length;
        this.#head = this.#head.length === 0 ? part : Buffer.concat([this.#head, part]);
        if (this.#head.length < tarBlockBytes) continue;
        const block = this.#head;
        this.#head = Buffer.alloc(0);
        if (block[0] !== 0 || block.some((byte) => byte !== 0)) await this.#header(block);
      }
    }
  }

  finish(): void {
    if (this.#left > 0 || this.#head.length > 0) throw new Error('the archive is cut off');
  }

  async #header(block: Buffer): Promise<void> {
    if (!isValid(block)) throw new Error('the stream is no archive');
    const type = String.fromCharCode(block[156] ?? 0);
    const size = 'LKxg'.includes(type) ? numberAt(block, 124, 12) : (this.#next.size ?? numberAt(block, 124, 12));
    if (!Number.isSafeInteger(size) || size < 0) throw new Error('an entry has no size');
    if ('LKxg'.includes(type)) {
      if (size > maxExtensionBytes) throw new Error('a name is too long');
      this.#extension = { type, chunks: [] };
    } else {
      const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? textAt(block, 345, 155) : '';
      const name = textAt(block, 0, 100);
      const entry: ReadEntry = {
        path: this.#next.path ?? (prefix === '' ? name : `${prefix}/${name}`),
        kind: kindOf(type),
        mode: numberAt(block, 100, 8) & 0o7777,
        size,
        target: this.#next.target ?? textAt(block, 157, 100),
      };
      this.#next = {};
      this.#wanted = await this.#sink.entry(entry);
    }
    this.#left = type === '1' || type === '2' ? 0 : size;
    this.#padding = (tarBlockBytes - (this.#left % tarBlockBytes)) % tarBlockBytes;
    if (this.#left === 0) await this.#endOfContent();
  }

  async #endOfContent(): Promise<void> {
    if (this.#extension) {
      const content = Buffer.concat(this.#extension.chunks);
      if (this.#extension.type === 'L') this.#next.path = textAt(content, 0, content.length);
      else if (this.#extension.type === 'K') this.#next.target = textAt(content, 0, content.length);
      else if (this.#extension.type === 'x') Object.assign(this.#next, paxFields(content));
      this.#extension = undefined;
    } else if (this.#wanted) {
      this.#wanted = false;
      await this.#sink.end();
    }
  }
}

function kindOf(type: string): ReadEntry['kind'] {
  if (type === '0' || type === '\0' || type === '7') return 'file';
  if (type === '1') return 'hardLink';
  return type === '2' ? 'link' : 'other';
}

function isValid(block: Buffer): boolean {
  let sum = 8 * 32;
  for (let at = 0; at < tarBlockBytes; at++) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  return sum === numberAt(block, 148, 8);
}

function numberAt(block: Buffer, at: number, length: number): number {
  if (((block[at] ?? 0) & 0x80) !== 0) return block.readUIntBE(at + length - 6, 6);
  const text = block
    .toString('latin1', at, at + length)
    .replaceAll('\0', ' ')
    .trim();
  return text === '' ? 0 : Number.parseInt(text, 8);
}

function textAt(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return block.toString('utf8', at, end === -1 || end > at + length ? at + length : end);
}

/** Records `length key=value\n` of the pax format. */
function paxFields(content: Buffer): { path?: string; target?: string; size?: number } {
  const fields: { path?: string; target?: string; size?: number } = {};
  for (let at = 0; at < content.length;) {
    const blank = content.indexOf(32, at);
    const length = Number(content.toString('latin1', at, blank));
    if (blank === -1 || !Number.isSafeInteger(length) || length <= 0) break;
    const [key, value] = splitOnce(content.toString('utf8', blank + 1, at + length - 1));
    if (key === 'path') fields.path = value;
    else if (key === 'linkpath') fields.target = value;
    else if (key === 'size') fields.size = Number(value);
    at += length;
  }
  return fields;
}

function splitOnce(text: string): [string, string] {
  const at = text.indexOf('=');
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
