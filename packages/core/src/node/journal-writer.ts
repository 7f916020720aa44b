import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { formatJournalLine, parseJournalLine } from '../journal/codec.ts';
import type { JournalRecord, RecordBody, RecordEnvelope } from '../journal/record.ts';
import { JournalWriteError } from '../errors/file-errors.ts';

export interface JournalWriterOptions {
  readonly epoch: number;
  /** ms since the epoch. @default Date.now */
  readonly now?: () => number;
  /** Called after each append with the size of the file. */
  readonly onAppend?: (record: JournalRecord, sizeBytes: number) => void;
}

/**
 * Appends records to a journal file. Records are written at once and whole, in order, so another process sees a record as soon as `append` returns; they
 * survive a loss of power after `sync`. Writing is synchronous on purpose: a record that is appended cannot be overtaken or lost by the end of the process.
 *
 * A file that exists is continued: `seq` goes on behind its last whole record, and a torn last line (of a process that was killed while writing) is cut off.
 */
export class JournalWriter {
  readonly file: string;
  readonly #fd: number;
  readonly #options: JournalWriterOptions;
  #seq: number;
  #size: number;

  private constructor(file: string, fd: number, size: number, seq: number, options: JournalWriterOptions) {
    this.file = file;
    this.#fd = fd;
    this.#size = size;
    this.#seq = seq;
    this.#options = options;
  }

  /** @throws JournalWriteError */
  static open(file: string, options: JournalWriterOptions): JournalWriter {
    try {
      const fd = openSync(file, 'a+');
      const { size, seq } = endOfJournal(fd);
      ftruncateSync(fd, size);
      return new JournalWriter(file, fd, size, seq, options);
    } catch (error) {
      throw new JournalWriteError(file, error);
    }
  }

  get sizeBytes(): number {
    return this.#size;
  }

  /** Of the last record; 0 when there is none. */
  get lastSeq(): number {
    return this.#seq;
  }

  /** @throws JournalWriteError, with the file as it was before. */
  append(
    body: RecordBody,
    scope: readonly string[] = [],
    options: { from?: RecordEnvelope['from']; t?: number } = {},
  ): JournalRecord {
    const record: JournalRecord = {
      v: 1,
      seq: this.#seq + 1,
      t: options.t ?? (this.#options.now ?? Date.now)(),
      epoch: this.#options.epoch,
      scope,
      ...(options.from && { from: options.from }),
      ...body,
    };
    this.#write(Buffer.from(formatJournalLine(record)));
    this.#seq = record.seq;
    this.#options.onAppend?.(record, this.#size);
    return record;
  }

  /** Makes everything appended so far survive a loss of power. @throws JournalWriteError */
  sync(): void {
    try {
      fsyncSync(this.#fd);
    } catch (error) {
      throw new JournalWriteError(this.file, error);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #write(line: Buffer): void {
    let written = 0;
    try {
      while (written < line.length) written += writeSync(this.#fd, line, written);
    } catch (error) {
      // A half line would join the next record to it.
      ftruncateSync(this.#fd, this.#size);
      throw new JournalWriteError(this.file, error);
    }
    this.#size += line.length;
  }
}

/** Size up to the end of the last whole line, and the `seq` of the last record in it. */
function endOfJournal(fd: number): { size: number; seq: number } {
  const newline = 10;
  const chunk = Buffer.alloc(64 * 1024);
  let end = lastNewline(fd, fstatSync(fd).size, chunk) + 1;
  const size = end;
  while (end > 0) {
    const start = lastNewline(fd, end - 1, chunk) + 1;
    const line = Buffer.alloc(end - start);
    readSync(fd, line, 0, line.length, start);
    const text = line.at(-1) === newline ? line.toString('utf8', 0, line.length - 1) : line.toString('utf8');
    const parsed = parseJournalLine(text);
    if ('record' in parsed) return { size, seq: parsed.record.seq };
    end = start;
  }
  return { size, seq: 0 };
}

/** Position of the last newline before `end`, -1 when there is none. */
function lastNewline(fd: number, end: number, chunk: Buffer): number {
  while (end > 0) {
    const start = Math.max(0, end - chunk.length);
    const length = readSync(fd, chunk, 0, end - start, start);
    const at = chunk.subarray(0, length).lastIndexOf(10);
    if (at !== -1) return start + at;
    end = start;
  }
  return -1;
}
