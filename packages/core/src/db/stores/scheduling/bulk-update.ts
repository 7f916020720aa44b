import { sql } from 'kysely';
import type { Tables } from '../../schema.ts';
import type { Tx } from '../../session.ts';

/** SQL type in which a server reads a column from JSON. */
export type ColumnType = 'int' | 'bigint' | 'double' | 'varchar(255)' | 'longtext';

/**
 * Gives many rows new values in one statement. The rows travel as one JSON parameter, so that the text of the statement is always the same, and each is found by its
 * primary key.
 *
 * Tried for 100 rows on MariaDB: this 1.4 ms, one UPDATE a row 14 ms, `case id when …` 2.3 ms.
 *
 * @param columns what is set, and its type
 */
export async function bulkUpdate(
  tx: Tx,
  table: keyof Tables,
  key: string,
  rows: readonly object[],
  columns: Readonly<Record<string, ColumnType>>,
): Promise<void> {
  if (rows.length === 0) return;
  const names = Object.keys(columns);
  const json = JSON.stringify(rows);
  if (tx.session.isServer) {
    const list = sql.join(
      [[key, 'int'] as const, ...Object.entries(columns)].map(
        ([name, type]) => sql`${sql.ref(name)} ${sql.raw(type)} path ${sql.lit(`$.${name}`)}`,
      ),
    );
    const assignments = sql.join(names.map((name) => sql`t.${sql.ref(name)} = v.${sql.ref(name)}`));
    await sql`update ${sql.table(table)} t join json_table(${json}, '$[*]' columns (${list})) v on v.${sql.ref(key)} = t.${sql.ref(key)} set ${assignments}`.execute(
      tx.db,
    );
    return;
  }
  const assignments = sql.join(
    names.map((name) => sql`${sql.ref(name)} = json_extract(v.value, ${sql.lit(`$.${name}`)})`),
  );
  await sql`update ${sql.table(table)} set ${assignments} from json_each(${json}) v where ${sql.table(table)}.${sql.ref(key)} = json_extract(v.value, ${sql.lit(`$.${key}`)})`.execute(
    tx.db,
  );
}
