import { CompiledQuery, type Kysely } from 'kysely';
import type { NewEvent, Session } from '../../session.ts';
import type { Tables } from '../../schema.ts';
import { chunks, orNull, toJson } from '../../values.ts';

/** Ids of events of one transaction. */
export interface EventIds {
  readonly first: number;
  readonly last: number;
  /** Whether they are all that lie between these. */
  readonly areAll: boolean;
}

const columns = ['kind', 'jobId', 'entryId', 'executionId', 'hostId', 'taskId', 'data'] as const;
const names = columns.map((name) => `\`${name}\``).join(', ');
/** One parameter for all of them: most of what a transaction writes are events. */
const intoSqlite = `insert into events (t, ${names}) select ?, ${columns.map((name) => `json_extract(v.value, '$.${name}')`).join(', ')} from json_each(?) v`;
// The database's clock, since readers on several machines judge the age of gaps by it. A list of values, since of these, other than of a select, ids follow each other.
const intoServer = `insert into events (t, ${names}) values `;
const oneOnServer = `(floor(unix_timestamp(now(3)) * 1000), ${columns.map(() => '?').join(', ')})`;

/** Appends events in their order; gives their ids, undefined for no events. */
export async function insertEvents(
  session: Session,
  db: Kysely<Tables>,
  events: readonly NewEvent[],
): Promise<EventIds | undefined> {
  let ids: EventIds | undefined;
  for (const part of chunks(events)) {
    const { insertId } = await db.executeQuery(session.isServer ? serverInsert(part) : sqliteInsert(session, part));
    // SQLite tells the last id of a statement, MySQL the first; the ids of one statement follow each other.
    const last = session.isServer ? Number(insertId) + part.length - 1 : Number(insertId);
    const first = last - part.length + 1;
    ids = ids
      ? { first: ids.first, last, areAll: ids.areAll && first === ids.last + 1 }
      : { first, last, areAll: true };
  }
  return ids;
}

function sqliteInsert(session: Session, events: readonly NewEvent[]): CompiledQuery {
  const rows = events.map((event) => ({ ...event, data: toJson(event.data) }));
  return CompiledQuery.raw(intoSqlite, [session.clock.now(), toJson(rows)]);
}

function serverInsert(events: readonly NewEvent[]): CompiledQuery {
  const values = events.flatMap(({ kind, jobId, entryId, executionId, hostId, taskId, data }) => [
    kind,
    orNull(jobId),
    orNull(entryId),
    orNull(executionId),
    orNull(hostId),
    orNull(taskId),
    toJson(data),
  ]);
  return CompiledQuery.raw(intoServer + events.map(() => oneOnServer).join(', '), values);
}
