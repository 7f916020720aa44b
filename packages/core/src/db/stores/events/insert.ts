import { sql, type Kysely } from 'kysely';
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

/** Appends events in their order; gives their ids, undefined for no events. */
export async function insertEvents(
  session: Session,
  db: Kysely<Tables>,
  events: readonly NewEvent[],
): Promise<EventIds | undefined> {
  let ids: EventIds | undefined;
  for (const part of chunks(events)) {
    // Servers: the database's clock, since readers on several machines judge the age of gaps by it.
    const t = session.isServer ? sql<number>`floor(unix_timestamp(now(3)) * 1000)` : session.clock.now();
    const { insertId } = await db
      .insertInto('events')
      .values(
        part.map((event) => ({
          t,
          kind: event.kind,
          jobId: orNull(event.jobId),
          entryId: orNull(event.entryId),
          executionId: orNull(event.executionId),
          hostId: orNull(event.hostId),
          taskId: orNull(event.taskId),
          data: toJson(event.data),
        })),
      )
      .executeTakeFirstOrThrow();
    // SQLite tells the last id of a statement, MySQL the first; the ids of one statement follow each other.
    const last = session.isServer ? Number(insertId) + part.length - 1 : Number(insertId);
    const first = last - part.length + 1;
    ids = ids
      ? { first: ids.first, last, areAll: ids.areAll && first === ids.last + 1 }
      : { first, last, areAll: true };
  }
  return ids;
}
