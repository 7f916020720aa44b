import { sql } from 'kysely';
import type { Database } from '../../db/database.ts';
import { connectEngine, type EngineConnection } from '../../db/engine-connection.ts';
import { ensureSchema } from '../../db/migrate.ts';
import { databaseOn } from '../../db/open-database.ts';
import { memoryFile } from '../../db/url.ts';
import type { Clock } from '../../time/clock.ts';

/** The database as one process opened it. */
export interface SimulatedConnection {
  readonly database: Database;
  /** Looks whether another one appended events: what a watch on a file or a poll does. */
  lookForEvents(): void;
  close(): void;
}

/** One database in memory that several simulated processes open, each with its own clock and its own news. To be emptied and used again, as making its tables takes time. */
export class SimulatedDatabase {
  readonly #connection: EngineConnection;
  readonly #tables: readonly string[];

  private constructor(connection: EngineConnection, tables: readonly string[]) {
    this.#connection = connection;
    this.#tables = tables;
  }

  static async open(): Promise<SimulatedDatabase> {
    const connection = await connectEngine({ kind: 'sqlite', file: memoryFile }, { createDatabase: true });
    await ensureSchema(connection, memoryFile, true);
    const { rows } = await sql<{ name: string }>`select name from sqlite_master where type = 'table'`.execute(
      connection.kysely,
    );
    const tables = rows.map(({ name }) => name).filter((name) => name !== 'migrations' && !name.startsWith('sqlite_'));
    // Nothing has to survive, and nothing is to be written anywhere.
    await sql`pragma synchronous = off`.execute(connection.kysely);
    return new SimulatedDatabase(connection, tables);
  }

  connect(clock: Clock): SimulatedConnection {
    let look: (() => Promise<boolean>) | undefined;
    let isClosed = false;
    const database = databaseOn(
      this.#connection,
      (check) => {
        look = check;
        return () => {
          look = undefined;
        };
      },
      clock,
    );
    return {
      database,
      lookForEvents: () => {
        if (!isClosed) void look?.();
      },
      close: () => {
        isClosed = true;
      },
    };
  }

  /** Rows as they are stored. */
  async query<Row>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    const parts = text.split('?');
    const query = sql.join(
      parts.flatMap((part, index) => (index === 0 ? [sql.raw(part)] : [sql.val(parameters[index - 1]), sql.raw(part)])),
      sql``,
    );
    return (await sql<Row>`${query}`.execute(this.#connection.kysely)).rows;
  }

  /** Takes all rows away; ids begin anew. */
  async clear(): Promise<void> {
    const { kysely } = this.#connection;
    await sql`pragma foreign_keys = off`.execute(kysely);
    for (const table of this.#tables) await sql`delete from ${sql.table(table)}`.execute(kysely);
    await sql`delete from sqlite_sequence`.execute(kysely);
    await sql`pragma foreign_keys = on`.execute(kysely);
  }

  async close(): Promise<void> {
    await this.#connection.orm.close();
  }
}
