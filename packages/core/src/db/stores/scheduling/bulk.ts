import { CompiledQuery } from 'kysely';
import type { Tables } from '../../schema.ts';
import type { Tx } from '../../session.ts';
import { toJson } from '../../values.ts';

/** SQL type in which a column is read from JSON. */
export type ColumnType = 'int' | 'bigint' | 'double' | 'text';
export type Columns = Readonly<Record<string, ColumnType>>;

/** Writes rows of which each has a value for every column. */
export type BulkWrite = (tx: Tx, rows: readonly object[]) => Promise<void>;

/**
 * Statements that write many rows at once. The rows travel as one JSON parameter, so that the text of a statement is always the same and is made once.
 *
 * Tried for 100 rows on MariaDB: an update of this kind 1.4 ms, one UPDATE a row 14 ms, `case id when …` 2.3 ms.
 */

/** Gives rows new values; each is found by its primary key. */
export function bulkUpdate(table: keyof Tables, key: string, columns: Columns): BulkWrite {
  const all = { [key]: 'int', ...columns } as const;
  const names = Object.keys(columns);
  return bulkWrite({
    // In this order and by this key, whatever the optimizer thinks of small tables: a scan would wait for every row that somebody else has locked.
    server: () =>
      `update ${serverRows(all)} straight_join \`${table}\` t force index (primary) on v.\`${key}\` = t.\`${key}\` set ${names.map((name) => `t.\`${name}\` = v.\`${name}\``).join(', ')}`,
    sqlite: () =>
      `update \`${table}\` set ${names.map((name) => `\`${name}\` = ${sqliteValue(name)}`).join(', ')} from json_each(?) v where \`${table}\`.\`${key}\` = ${sqliteValue(key)}`,
  });
}

export function bulkInsert(table: keyof Tables, columns: Columns): BulkWrite {
  return bulkWrite({
    server: () => insert(table, columns, serverRows(columns), (name) => `v.\`${name}\``),
    sqlite: () => insert(table, columns, 'json_each(?) v where true', sqliteValue),
  });
}

/** Inserts rows, or gives those that have the same `key` the new values. */
export function bulkUpsert(table: keyof Tables, key: string, columns: Columns): BulkWrite {
  const all = { [key]: 'int', ...columns } as const;
  const set = (value: (name: string) => string) =>
    Object.keys(columns)
      .map((name) => `\`${name}\` = ${value(name)}`)
      .join(', ');
  return bulkWrite({
    server: () =>
      `${insert(table, all, serverRows(all), (name) => `v.\`${name}\``)} on duplicate key update ${set((name) => `values(\`${name}\`)`)}`,
    sqlite: () =>
      `${insert(table, all, 'json_each(?) v where true', sqliteValue)} on conflict (\`${key}\`) do update set ${set((name) => `excluded.\`${name}\``)}`,
  });
}

function bulkWrite(texts: { server: () => string; sqlite: () => string }): BulkWrite {
  const made: { server?: string; sqlite?: string } = {};
  return async (tx, rows) => {
    if (rows.length === 0) return;
    const dialect = tx.session.isServer ? 'server' : 'sqlite';
    const text = (made[dialect] ??= texts[dialect]());
    for (const list of listsOf(rows)) await tx.db.executeQuery(CompiledQuery.raw(text, [list]));
  };
}

function insert(table: keyof Tables, columns: Columns, from: string, value: (name: string) => string): string {
  const names = Object.keys(columns);
  return `insert into \`${table}\` (${names.map((name) => `\`${name}\``).join(', ')}) select ${names.map(value).join(', ')} from ${from}`;
}

/**
 * The parameter as rows, on servers. Text of any length, so that what is too long for its column is an error and not cut off without a word; and in utf8mb4, which is not
 * what MariaDB takes by itself.
 */
function serverRows(columns: Columns): string {
  const types = { int: 'int', bigint: 'bigint', double: 'double', text: 'longtext character set utf8mb4' };
  const list = Object.entries(columns).map(
    ([name, type]) => `\`${name}\` ${types[type]} path '$.${name}' error on error`,
  );
  return `json_table(?, '$[*]' columns (${list.join(', ')})) v`;
}

function sqliteValue(name: string): string {
  return `json_extract(v.value, '$.${name}')`;
}

/** Servers refuse statements above a limit, 16 MB at the least by default. Quotes may double in the text. */
const maxListLength = 2_000_000;

/** The rows as JSON lists of a bounded length. */
function* listsOf(rows: readonly object[]): Generator<string> {
  let list: string[] = [];
  let length = 0;
  for (const row of rows) {
    const json = toJson(row);
    if (length + json.length > maxListLength && list.length > 0) {
      yield `[${list.join(',')}]`;
      list = [];
      length = 0;
    }
    list.push(json);
    length += json.length;
  }
  yield `[${list.join(',')}]`;
}
