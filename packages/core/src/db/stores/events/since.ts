import { sql, type Kysely } from 'kysely';
import type { EventKind, EventRow } from '../../../model/event.ts';
import type { Session } from '../../session.ts';
import type { Tables } from '../../schema.ts';
import { rowReader } from '../../values.ts';

/** How old a gap in the ids must be before readers pass over it: then its transaction was undone. */
export const gapMs = 1000;

const eventRow = rowReader<EventRow>({ json: ['data'] });

export interface SinceQuery {
  readonly first: number;
  readonly jobId?: number;
  readonly kinds?: readonly EventKind[];
}

/** Events after a cursor; `heldBack` when there are more that must not be passed over yet. */
export async function eventsSince(
  session: Session,
  afterId: number,
  { first, jobId, kinds }: SinceQuery,
): Promise<{ events: EventRow[]; heldBack: boolean }> {
  const edge = session.isServer ? await visibleEdge(session.db, afterId) : undefined;
  let query = session.db.selectFrom('events').selectAll().where('id', '>', afterId).orderBy('id').limit(first);
  if (edge !== undefined) query = query.where('id', '<=', edge.id);
  if (jobId !== undefined) query = query.where('jobId', '=', jobId);
  if (kinds !== undefined) query = query.where('kind', 'in', [...kinds, '']);
  const events = (await query.execute()).map(eventRow);
  return { events, heldBack: edge?.heldBack === true && events.length < first };
}

/**
 * Highest id up to which everything is visible. MySQL gives ids out before transactions commit, so a reader can see 12 before 11: it must wait for 11. A transaction
 * that was undone leaves a gap for good; a gap counts as such when the event after it is `gapMs` old.
 *
 * Only the newest rows are looked at: from the highest id backwards to the first that is old enough.
 */
export async function visibleEdge(db: Kysely<Tables>, afterId: number): Promise<{ id: number; heldBack: boolean }> {
  const fresh = await freshRows(db, afterId);
  let edge = fresh.before;
  for (const id of fresh.ids) {
    if (id !== edge + 1) return { id: edge, heldBack: true };
    edge = id;
  }
  return { id: edge, heldBack: false };
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
