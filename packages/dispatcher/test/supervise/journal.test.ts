import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@autotest/core';
import { JournalWriter, readProcessStart } from '@autotest/core/node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Ingester } from '../../src/supervise/ingester.ts';
import { readEndRecord } from '../../src/supervise/journal-end.ts';
import { readLockHolder } from '../../src/executors/local/lock-holder.ts';

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
  file = join(directory, 'journal.ndjson');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Takes batches as the database does, and remembers each record. */
class Store {
  offset = 0;
  readonly seqs: number[] = [];
  failures = 0;

  async ingest(_: number, batch: { fromOffset: number; toOffset: number; records: readonly { seq: number }[] }) {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the database is away');
    }
    if (batch.fromOffset !== this.offset) return { offset: this.offset, stale: 0, applied: false };
    this.seqs.push(...batch.records.map(({ seq }) => seq));
    this.offset = batch.toOffset;
    return { offset: this.offset, stale: 0, applied: true };
  }
}

function write(count: number): void {
  const writer = JournalWriter.open(file, { epoch: 1 });
  for (let n = 0; n < count; n++) writer.append({ kind: 'info', message: 'x'.repeat(n % 300) });
  writer.close();
}

it('many calls at once take each record once, in order', async () => {
  const store = new Store();
  const ingester = new Ingester(store, 1, file, 0, silentLog);
  write(500);
  const pumps = [ingester.pump(), ingester.pump()];
  write(500);
  await Promise.all([...pumps, ingester.pump()]);
  expect(store.seqs).toEqual(Array.from({ length: 1000 }, (_, n) => n + 1));
  expect(ingester.isBehind).toBe(false);
});

it('two ingesters of the same journal do not take a record twice', async () => {
  const store = new Store();
  write(100);
  const [one, other] = [new Ingester(store, 1, file, 0, silentLog), new Ingester(store, 1, file, 0, silentLog)];
  await Promise.all([one.pump(), other.pump()]);
  write(100);
  await Promise.all([one.pump(), other.pump()]);
  expect(store.seqs).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
});

it('what could not be stored is stored by the next call', async () => {
  const store = new Store();
  store.failures = 1;
  write(10);
  const ingester = new Ingester(store, 1, file, 0, silentLog);
  await expect(ingester.pump()).rejects.toThrow('the database is away');
  await ingester.pump();
  expect(store.seqs).toHaveLength(10);
});

it('a half line is left for later, and a line that is no record is passed over', async () => {
  const store = new Store();
  write(2);
  appendFileSync(file, 'garbage\n{"v":1,"seq":3,"t":1,"epoch":1,"scope":[],"ki');
  const ingester = new Ingester(store, 1, file, 0, silentLog);
  await ingester.pump();
  expect(store.seqs).toEqual([1, 2]);
  appendFileSync(file, 'nd":"info","message":"m"}\n');
  await ingester.pump();
  expect(store.seqs).toEqual([1, 2, 3]);
});

it('the end record is found at the end of a journal of any size, and nowhere else', () => {
  expect(readEndRecord(file)).toBeUndefined();
  write(20_000);
  expect(readEndRecord(file)).toBeUndefined();
  const writer = JournalWriter.open(file, { epoch: 1 });
  writer.append({ kind: 'end', exitClass: 'infra', cause: { code: 'AT_X', message: 'm' } });
  expect(readEndRecord(file)).toMatchObject({ exitClass: 'infra', cause: { code: 'AT_X' } });
  writer.append({ kind: 'info', message: 'one more' });
  writer.close();
  expect(readEndRecord(file)).toBeUndefined();
});

it('a lock counts while its process lives', () => {
  const lock = join(directory, '.autoserv.lock');
  expect(readLockHolder(directory)).toBeUndefined();
  const startTicks = readProcessStart(process.pid);
  writeFileSync(lock, JSON.stringify({ pid: process.pid, startTicks }));
  expect(readLockHolder(directory)).toEqual({ pid: process.pid, startTicks });
  for (const content of [
    '',
    '7',
    'null',
    '{"pid":"1"}',
    '{"pid":-5}',
    JSON.stringify({ pid: process.pid, startTicks: '1' }),
  ]) {
    writeFileSync(lock, content);
    expect(readLockHolder(directory)).toBeUndefined();
  }
});
