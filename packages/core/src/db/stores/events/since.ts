import type { EventRow } from '../../../model/event.ts';
import type { EventPage, EventQuery } from '../../contract/events.ts';
import type { Session } from '../../session.ts';
import { rowReader } from '../../values.ts';
import { edgeAfter } from './edge.ts';

const eventRow = rowReader<EventRow>({ json: ['data'] });

/** A page of events after a cursor; `heldBack` when there are more that must not be passed over yet. */
export async function eventsSince(
  session: Session,
  afterId: number,
  { first, jobId, kinds }: EventQuery,
): Promise<EventPage & { heldBack: boolean }> {
  const edge = await edgeAfter(session, afterId);
  if (edge.id <= afterId) return { events: [], cursor: afterId, hasMore: false, heldBack: edge.heldBack };
  let query = session.db
    .selectFrom('events')
    .selectAll()
    .where('id', '>', afterId)
    .where('id', '<=', edge.id)
    .orderBy('id')
    .limit(first);
  if (jobId !== undefined) query = query.where('jobId', '=', jobId);
  if (kinds !== undefined) query = query.where('kind', 'in', [...kinds, '']);
  const events = (await query.execute()).map(eventRow);
  const last = events.at(-1);
  if (last && events.length === first) return { events, cursor: last.id, hasMore: true, heldBack: false };
  return { events, cursor: edge.id, hasMore: edge.hasMore, heldBack: edge.heldBack };
}
