import { CompiledQuery, sql, type Kysely } from 'kysely';
import type { Session } from '../../session.ts';
import type { Tables } from '../../schema.ts';

/** How old a gap in the ids must be before readers pass over it: then its transaction was undone. */
export const gapMs = 1000;

/** How far a reader may go. */
interface Edge {
  readonly id: number;
  /** There are events behind it that must not be passed over yet. */
  readonly heldBack: boolean;
  /** There are events behind it that were not looked at. */
  readonly hasMore: boolean;
}

/** How far a reader may go that knows everything up to `afterId`. */
export async function edgeAfter(session: Session, afterId: number): Promise<Edge> {
  if (session.isServer) return visibleEdge(session.db, afterId);
  // SQLite has one writer at a time, so ids become visible in their order.
  return { id: await latestEventId(session), heldBack: false, hasMore: false };
}

/** Highest id in the whole log up to which everything is visible: a cursor that started behind a gap would miss what appears in it. */
export async function latestVisibleId(session: Session): Promise<number> {
  return session.isServer ? (await edgeBeforeGap(session.db, 0)).id : latestEventId(session);
}

/** Made once: it is asked very often. */
const highestId = CompiledQuery.raw('select max(id) as id from events');

/** Highest id that can be seen; 0 when there is none. On a server, others below it may not be visible yet. */
export async function latestEventId(session: Session): Promise<number> {
  const { rows } = await session.db.executeQuery<{ id: number | null }>(highestId);
  return rows[0]?.id ?? 0;
}

const window = 5000;

/**
 * How far everything is visible. MySQL gives ids out before transactions commit, so a reader can see 12 before 11: it must wait for 11.
 *
 * Mostly there is no gap, and counting tells.
 */
async function visibleEdge(db: Kysely<Tables>, afterId: number): Promise<Edge> {
  const next = db.selectFrom('events').select('id').where('id', '>', afterId).orderBy('id').limit(window).as('next');
  const { count, last } = await db
    .selectFrom(next)
    .select(({ fn }) => [fn.countAll<number>().as('count'), fn.max('id').as('last')])
    .executeTakeFirstOrThrow();
  if (last === null) return { id: afterId, heldBack: false, hasMore: false };
  if (count === last - afterId) return { id: last, heldBack: false, hasMore: count === window };
  return edgeBeforeGap(db, afterId);
}

/**
 * A transaction that was undone leaves a gap for good; a gap counts as such when the event after it is `gapMs` old.
 *
 * Only the newest rows are looked at: from the highest id backwards to the first that is old enough.
 */
async function edgeBeforeGap(db: Kysely<Tables>, afterId: number): Promise<Edge> {
  const fresh = await freshRows(db, afterId);
  let edge = fresh.before;
  for (const id of fresh.ids) {
    if (id !== edge + 1) return { id: edge, heldBack: true, hasMore: false };
    edge = id;
  }
  return { id: edge, heldBack: false, hasMore: false };
}

const firstWindow = 64;

async function freshRows(db: Kysely<Tables>, afterId: number): Promise<{ before: number; ids: number[] }> {
  for (let size = firstWindow; ; size *= 8) {
    const rows = await db
      .selectFrom('events')
      .select(['id', sql<number>`t > unix_timestamp(now(3)) * 1000 - ${gapMs}`.as('isFresh')])
      .where('id', '>', afterId)
      .orderBy('id', 'desc')
      .limit(size)
      .execute();
    const old = rows.findIndex((row) => row.isFresh === 0);
    if (old === -1 && rows.length === size) continue;
    const ids = (old === -1 ? rows : rows.slice(0, old)).map((row) => row.id).reverse();
    return { before: rows[old]?.id ?? afterId, ids };
  }
}
