import { openDatabase, type Database } from '@autotest/core/db';
import { sql } from 'kysely';
import { expect, it, vi } from 'vitest';
import { connectEngine } from '../../src/db/engine-connection.ts';
import { parseDatabaseUrl } from '../../src/db/url.ts';

/** Holds a transaction open that has appended an event. */
async function withOpenEvent(
  url: string,
  work: (database: Database, end: (how: 'commit' | 'rollback') => Promise<void>) => Promise<void>,
): Promise<void> {
  const database = await openDatabase(url, { migrate: true });
  const other = await connectEngine(parseDatabaseUrl(url), { createDatabase: false });
  try {
    await database.events.append({ kind: 'host.changed', data: { n: 1 } });
    await other.kysely.connection().execute(async (connection) => {
      await sql`begin`.execute(connection);
      await sql`insert into events (t, kind, data) values (floor(unix_timestamp(now(3)) * 1000), 'host.changed', '{"n":2}')`.execute(
        connection,
      );
      await work(database, async (how) => {
        await sql.raw(how).execute(connection);
      });
    });
  } finally {
    await database.close();
    await other.orm.close();
  }
}

const numbers = async ({ events }: Database) => (await events.since(0, { first: 10 })).map((event) => event.data.n);

export function describeEventGaps(newUrl: () => string): void {
  it('hold readers back until the slower transaction commits', async () => {
    await withOpenEvent(newUrl(), async (database, end) => {
      await database.events.append({ kind: 'host.changed', data: { n: 3 } });
      expect(await numbers(database)).toEqual([1]);
      // A cursor that starts now must not start behind the gap either.
      const cursor = await database.events.latestId();
      const heard = vi.fn<() => void>();
      database.events.onAppend(heard);
      await end('commit');
      expect(await numbers(database)).toEqual([1, 2, 3]);
      expect((await database.events.since(cursor, { first: 10 })).map((event) => event.data.n)).toEqual([2, 3]);
    });
  });

  it('are passed over when the transaction was undone', async () => {
    await withOpenEvent(newUrl(), async (database, end) => {
      await database.events.append({ kind: 'host.changed', data: { n: 3 } });
      await end('rollback');
      const seen: unknown[][] = [];
      database.events.onAppend(() => void numbers(database).then((found) => seen.push(found)));
      expect(await numbers(database)).toEqual([1]);
      // Listeners are called again by themselves, until the gap is old enough.
      await vi.waitFor(() => expect(seen.at(-1)).toEqual([1, 3]), { timeout: 30_000 });
    });
  });
}
