import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parseJournalLine } from '../journal/codec.ts';
import { maxJournalLineBytes, type JournalRecord } from '../journal/record.ts';

export interface JournalChunk {
  readonly records: readonly JournalRecord[];
  /** Lines that are no records, with their place in the file. */
  readonly problems: readonly { readonly offset: number; readonly message: string }[];
  /** Where the next read begins: behind the last whole line that was read. */
  readonly nextOffset: number;
  /** More whole lines may follow: the read stopped at `maxBytes`. */
  readonly more: boolean;
}

const newline = 10;

/**
 * Reads whole lines of a journal from a byte offset; a half line at the end stays for the next read. A file that is not there yet is empty.
 *
 * @param maxBytes most bytes read at once. @default 4 MiB
 */
export function readJournal(file: string, fromOffset: number, maxBytes = 4 * 1024 * 1024): JournalChunk {
  const bytes = readRange(file, fromOffset, Math.max(maxBytes, maxJournalLineBytes + 1));
  const records: JournalRecord[] = [];
  const problems: { offset: number; message: string }[] = [];
  let start = 0;
  for (let end = bytes.data.indexOf(newline); end !== -1; end = bytes.data.indexOf(newline, start)) {
    const parsed = parseJournalLine(bytes.data.toString('utf8', start, end));
    if ('record' in parsed) records.push(parsed.record);
    else if (end > start) problems.push({ offset: fromOffset + start, message: parsed.problem });
    start = end + 1;
  }
  if (start === 0 && bytes.data.length > maxJournalLineBytes) return passOverLongLine(file, fromOffset);
  return {
    records,
    problems,
    nextOffset: fromOffset + start,
    more: fromOffset + bytes.data.length < bytes.size && start > 0,
  };
}

/** A line that is longer than any record may be must not stop the reader for ever. */
function passOverLongLine(file: string, fromOffset: number): JournalChunk {
  const step = 4 * 1024 * 1024;
  for (let at = fromOffset; ; at += step) {
    const { data } = readRange(file, at, step);
    const end = data.indexOf(newline);
    if (end !== -1) {
      const message = `line of ${at + end - fromOffset} bytes is longer than ${maxJournalLineBytes}`;
      return { records: [], problems: [{ offset: fromOffset, message }], nextOffset: at + end + 1, more: true };
    }
    if (data.length < step) return { records: [], problems: [], nextOffset: fromOffset, more: false };
  }
}

function readRange(file: string, offset: number, length: number): { data: Buffer; size: number } {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { data: Buffer.alloc(0), size: 0 };
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    const data = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)));
    return { data: data.subarray(0, readSync(fd, data, 0, data.length, offset)), size };
  } finally {
    closeSync(fd);
  }
}
