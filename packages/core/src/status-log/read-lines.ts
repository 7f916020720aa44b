import { open } from 'node:fs/promises';

export interface ReadLinesOptions {
  /** A longer line is cut and reported. @default 262144 */
  readonly maxLineBytes?: number;
  /** Stop after so many bytes. @default no limit */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

export interface ReadLinesResult {
  readonly bytes: number;
  /** Numbers (from 1) of the first lines that were cut; at most 100. */
  readonly cutLines: readonly number[];
  /** The file went on after `maxBytes`. */
  readonly truncated: boolean;
}

const chunkBytes = 256 * 1024;
const maxCutLines = 100;
const newline = 10;

/**
 * Gives every line of a UTF-8 file, without its newline, to `take`; invalid bytes become U+FFFD. A last line without newline
 * counts. Memory is one chunk and one line, and the strings given out hold on to nothing but themselves.
 *
 * @throws what opening or reading the file throws; the signal's reason when aborted.
 */
export async function readLines(
  path: string,
  take: (line: string) => void,
  options: ReadLinesOptions = {},
): Promise<ReadLinesResult> {
  const maxLineBytes = options.maxLineBytes ?? chunkBytes;
  const maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
  const cutLines: number[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let isCut = false;
  let lines = 0;
  let bytes = 0;

  const emit = (piece: Buffer): void => {
    lines++;
    const whole = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
    if ((isCut || whole.length > maxLineBytes) && cutLines.length < maxCutLines) cutLines.push(lines);
    take(whole.toString('utf8', 0, Math.min(whole.length, maxLineBytes)));
    rest = Buffer.alloc(0);
    isCut = false;
  };
  const keep = (piece: Buffer): void => {
    const room = maxLineBytes - rest.length;
    if (piece.length > room) isCut = true;
    if (room > 0) rest = Buffer.concat([rest, piece.subarray(0, room)]);
  };

  const file = await open(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    while (bytes < maxBytes) {
      options.signal?.throwIfAborted();
      const { bytesRead } = await file.read(chunk, 0, Math.min(chunkBytes, maxBytes - bytes));
      if (bytesRead === 0) break;
      bytes += bytesRead;
      const data = chunk.subarray(0, bytesRead);
      let from = 0;
      for (let end = data.indexOf(newline); end >= 0; end = data.indexOf(newline, from)) {
        if (rest.length > 0 || end - from > maxLineBytes) emit(data.subarray(from, end));
        else {
          lines++;
          take(data.toString('utf8', from, end));
        }
        from = end + 1;
      }
      if (from < data.length) keep(data.subarray(from));
    }
    if (rest.length > 0) emit(Buffer.alloc(0));
    const { bytesRead: more } = bytes < maxBytes ? { bytesRead: 0 } : await file.read(chunk, 0, 1);
    return { bytes, cutLines, truncated: more > 0 };
  } finally {
    await file.close();
  }
}
