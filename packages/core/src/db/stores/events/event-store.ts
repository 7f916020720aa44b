import type { EventStore } from '../../database.ts';
import type { EventHub } from '../../event-hub.ts';
import type { Session } from '../../session.ts';
import { latestVisibleId } from './edge.ts';
import { eventsSince } from './since.ts';

/** How soon a reader that stopped before a gap is called again. */
const retryMs = 25;

export function eventStore(session: Session, hub: EventHub): EventStore {
  const page: EventStore['page'] = async (afterId, query) => {
    const { heldBack, ...found } = await eventsSince(session, afterId, query);
    if (heldBack) hub.wakeSoon(retryMs);
    return found;
  };
  return {
    page,
    since: async (afterId, query) => (await page(afterId, query)).events,
    latestId: () => latestVisibleId(session),
    async append(event) {
      await session.write(async (tx) => tx.emit(event));
    },
    onAppend: (callback) => hub.listen(callback),
  };
}
