import { sql, type Insertable } from 'kysely';
import type { Tables } from './schema.ts';
import type { Tx } from './session.ts';

/**
 * Inserts rows, or replaces `update` of the rows that have the same `key` (the columns of a unique index): one statement, in the dialect of the engine.
 */
export async function upsert<T extends keyof Tables>(
  tx: Tx,
  table: T,
  rows: readonly Insertable<Tables[T]>[],
  columns: { key: readonly (keyof Tables[T] & string)[]; update: readonly (keyof Tables[T] & string)[] },
): Promise<void> {
  if (rows.length === 0) return;
  const names = Object.keys(rows[0] ?? {});
  const values = rows.map((row) => {
    const fields = row as Record<string, unknown>;
    return sql`(${sql.join(names.map((name) => fields[name] ?? null))})`;
  });
  const insert = sql`insert into ${sql.table(table)} (${sql.join(names.map((name) => sql.ref(name)))}) values ${sql.join(values)}`;
  const assignments = columns.update.map((name) =>
    tx.session.isServer
      ? sql`${sql.ref(name)} = values(${sql.ref(name)})`
      : sql`${sql.ref(name)} = excluded.${sql.ref(name)}`,
  );
  const clash = tx.session.isServer
    ? sql`on duplicate key update`
    : sql`on conflict (${sql.join(columns.key.map((name) => sql.ref(name)))}) do update set`;
  await sql`${insert} ${clash} ${sql.join(assignments)}`.execute(tx.db);
}
