import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JournalWriter, readJournal } from '@autotest/core/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
  file = join(directory, 'journal.ndjson');
});
afterEach(() => rmSync(directory, { recursive: true }));

const info = (message: string) => ({ kind: 'info', message }) as const;

describe('a journal', () => {
  it('numbers records without gaps and gives them back in order', () => {
    const writer = JournalWriter.open(file, { epoch: 7, now: () => 1000 });
    writer.append(info('a'));
    writer.append(info('b'), ['group', 'x']);
    writer.close();
    const { records, nextOffset } = readJournal(file, 0);
    expect(records).toEqual([
      { v: 1, seq: 1, t: 1000, epoch: 7, scope: [], ...info('a') },
      { v: 1, seq: 2, t: 1000, epoch: 7, scope: ['group', 'x'], ...info('b') },
    ]);
    expect(nextOffset).toBe(statSync(file).size);
  });

  it('goes on behind the last whole record and cuts a torn last line', () => {
    const first = JournalWriter.open(file, { epoch: 1 });
    first.append(info('kept'));
    first.close();
    appendFileSync(file, '{"v":1,"seq":2,"t":1,"ki');
    const second = JournalWriter.open(file, { epoch: 2 });
    expect(second.lastSeq).toBe(1);
    second.append(info('next'));
    second.close();
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(3);
    expect(readJournal(file, 0).records.map((record) => record.seq)).toEqual([1, 2]);
  });

  it('finds the last seq behind lines that are no records', () => {
    writeFileSync(file, '{"v":1,"seq":41,"t":1,"epoch":0,"scope":[],"kind":"info","message":"x"}\nnonsense\n\n');
    const writer = JournalWriter.open(file, { epoch: 0 });
    expect(writer.append(info('y')).seq).toBe(42);
    writer.close();
  });

  it('leaves a half line for the next read', () => {
    writeFileSync(file, '');
    const writer = JournalWriter.open(file, { epoch: 0 });
    writer.append(info('whole'));
    appendFileSync(file, '{"v":1,"seq":2,');
    const chunk = readJournal(file, 0);
    expect(chunk.records).toHaveLength(1);
    appendFileSync(file, '"t":1,"epoch":0,"scope":[],"kind":"info","message":"é"}\n');
    expect(readJournal(file, chunk.nextOffset).records).toMatchObject([{ seq: 2, message: 'é' }]);
    writer.close();
  });

  it('reads in pieces without losing a record', () => {
    const writer = JournalWriter.open(file, { epoch: 0 });
    for (let n = 0; n < 5000; n++) writer.append(info('x'.repeat(700)));
    writer.close();
    let offset = 0;
    const seen: number[] = [];
    for (let more = true; more;) {
      const chunk = readJournal(file, offset, 1);
      seen.push(...chunk.records.map((record) => record.seq));
      offset = chunk.nextOffset;
      ({ more } = chunk);
    }
    expect(seen).toEqual(Array.from({ length: 5000 }, (_, n) => n + 1));
  });

  it('passes over a line that is too long and tells where', () => {
    writeFileSync(
      file,
      `${'x'.repeat(9 * 1024 * 1024)}\n{"v":1,"seq":1,"t":1,"epoch":0,"scope":[],"kind":"info","message":"after"}\n`,
    );
    const first = readJournal(file, 0);
    expect(first).toMatchObject({ records: [], problems: [{ offset: 0 }], more: true });
    expect(readJournal(file, first.nextOffset).records).toMatchObject([{ seq: 1 }]);
  });

  it('is empty while the file is not there', () => {
    expect(readJournal(file, 0)).toMatchObject({ records: [], problems: [], nextOffset: 0 });
  });
});
