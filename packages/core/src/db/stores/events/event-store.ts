import type { EventStore } from '../../database.ts';
import type { EventHub } from '../../event-hub.ts';
import type { Session } from '../../session.ts';
import { eventsSince, visibleEdge } from './since.ts';

/** How soon a reader that stopped before a gap is called again. */
const retryMs = 25;

export function eventStore(session: Session, hub: EventHub): EventStore {
  return {
    async since(afterId, query) {
      const { events, heldBack } = await eventsSince(session, afterId, query);
      if (heldBack) hub.wakeSoon(retryMs);
      return events;
    },
    latestId: () => latestVisibleId(session),
    async append(event) {
      await session.write(async (tx) => tx.emit(event));
    },
    onAppend: (callback) => hub.listen(callback),
  };
}

/** Highest id up to which everything can be seen: where a cursor may start. One that started behind a gap would miss what appears in it. */
export async function latestVisibleId(session: Session): Promise<number> {
  return session.isServer ? (await visibleEdge(session.db, 0)).id : latestEventId(session);
}

/** Highest id that can be seen; 0 when there is none. */
export async function latestEventId(session: Session): Promise<number> {
  const row = await session.db
    .selectFrom('events')
    .select(({ fn }) => fn.max('id').as('id'))
    .executeTakeFirst();
  return row?.id ?? 0;
}
