import { statSync } from 'node:fs';
import type { JournalRecord, RecordOf } from '@autotest/core';
import { readJournal } from '@autotest/core/node';

/** Longer than any last record. */
const tailBytes = 2 * 1024 * 1024;

/** Size of a journal in bytes; 0 where there is none. */
export function journalSize(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The `end` record with which a finished journal closes; undefined of one that goes on or broke off. */
export function readEndRecord(file: string): RecordOf<'end'> | undefined {
  let last: JournalRecord | undefined;
  let offset = Math.max(0, journalSize(file) - tailBytes);
  for (;;) {
    const chunk = readJournal(file, offset);
    last = chunk.records.at(-1) ?? last;
    if (!chunk.more) break;
    offset = chunk.nextOffset;
  }
  return last?.kind === 'end' ? last : undefined;
}
