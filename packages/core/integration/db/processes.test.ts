import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDatabase } from '@autotest/core/db';
import { expect, it, vi } from 'vitest';

const run = promisify(execFile);
const writer = join(import.meta.dirname, 'writer.ts');

it('several processes write one SQLite file, and one that listens hears and sees it all', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'autotest-db-'));
  const url = `sqlite:${join(directory, 'autotest.db')}`;
  const names = ['a', 'b', 'c'];
  const perProcess = 200;
  // They also make the tables, all at once.
  const writers = names.map((name) => run(process.execPath, [writer, url, name, `${perProcess}`]));
  const database = await openDatabase(url, { migrate: true });
  try {
    const seen: { name: unknown; n: unknown }[] = [];
    let cursor = 0;
    let reading = Promise.resolve();
    database.events.onAppend(() => {
      reading = reading.then(async () => {
        const events = await database.events.since(cursor, { first: 1000 });
        cursor = events.at(-1)?.id ?? cursor;
        seen.push(...events.map((event) => ({ name: event.data.name, n: event.data.n })));
      });
    });
    await Promise.all(writers);
    await vi.waitFor(() => expect(seen).toHaveLength(names.length * perProcess), { timeout: 60_000 });
    for (const name of names)
      expect(seen.filter((event) => event.name === name).map((event) => event.n)).toEqual(
        Array.from({ length: perProcess }, (_, n) => n),
      );
  } finally {
    await Promise.allSettled(writers);
    await database.close();
    await rm(directory, { recursive: true, force: true });
  }
});
