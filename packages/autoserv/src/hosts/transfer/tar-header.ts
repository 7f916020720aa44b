/** Blocks of the ustar format with the extensions of GNU tar, which GNU, busybox and BSD tar read and write. */
export const tarBlockBytes = 512;

export interface TarEntry {
  readonly path: string;
  readonly kind: 'file' | 'link';
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  readonly target?: string;
}

const longNamePath = '././@LongLink';

/** Header of an entry, with what long names need before it. Content follows, padded by `tarPadding`. */
export function tarHeader(entry: TarEntry): Buffer {
  const name = Buffer.from(entry.path);
  const target = Buffer.from(entry.target ?? '');
  const blocks: Buffer[] = [];
  if (name.length > 100) blocks.push(...longName('L', name));
  if (target.length > 100) blocks.push(...longName('K', target));
  blocks.push(header(name, entry.kind === 'link' ? '2' : '0', entry.mode, entry.size, target));
  return Buffer.concat(blocks);
}

/** Bytes that fill content up to a whole block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((tarBlockBytes - (size % tarBlockBytes)) % tarBlockBytes);
}

export const tarEnd = Buffer.alloc(2 * tarBlockBytes);

function longName(type: string, name: Buffer): Buffer[] {
  const content = Buffer.concat([name, Buffer.alloc(1)]);
  return [header(Buffer.from(longNamePath), type, 0o644, content.length), content, tarPadding(content.length)];
}

function header(name: Buffer, type: string, mode: number, size: number, target: Buffer = Buffer.alloc(0)): Buffer {
  const block = Buffer.alloc(tarBlockBytes);
  name.copy(block, 0, 0, 100);
  octal(block, 100, 8, mode & 0o7777);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, size);
  octal(block, 136, 12, 0);
  block.fill(' ', 148, 156);
  block.write(type, 156, 'latin1');
  target.copy(block, 157, 0, 100);
  block.write('ustar  \0', 257, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A number as octal text, or, where that is too short, as a big-endian number with its first bit set. */
function octal(block: Buffer, at: number, length: number, value: number): void {
  const text = value.toString(8);
  if (text.length < length) {
    block.write(`${text.padStart(length - 1, '0')}\0`, at, 'latin1');
    return;
  }
  block[at] = 0x80;
  block.writeUIntBE(value, at + length - 6, 6);
}
