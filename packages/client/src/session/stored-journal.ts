import { existsSync, statSync } from 'node:fs';
import { maxJournalLineBytes, type JournalRecord } from '@autotest/core';
import { readJournal } from '@autotest/core/node';

/** All records of a journal file. */
export function* storedRecords(file: string): Generator<JournalRecord> {
  for (let offset = 0; ;) {
    const chunk = readJournal(file, offset);
    yield* chunk.records;
    if (!chunk.more) return;
    offset = chunk.nextOffset;
  }
}

/** Whether the journal holds the last record of a session. */
export function hasEnded(file: string): boolean {
  if (!existsSync(file)) return false;
  // A read that begins inside a line gives one problem for it and goes on with the next.
  const offset = Math.max(0, statSync(file).size - maxJournalLineBytes);
  return readJournal(file, offset).records.some(({ kind }) => kind === 'end');
}
