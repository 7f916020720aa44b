import { systemClock } from '@autotest/core';
import { connectEngine } from '../../../src/db/engine-connection.ts';
import { EventHub } from '../../../src/db/event-hub.ts';
import { ensureSchema } from '../../../src/db/migrate.ts';
import { Session } from '../../../src/db/session.ts';
import { latestEventId } from '../../../src/db/stores/events/edge.ts';
import { parseDatabaseUrl } from '../../../src/db/url.ts';
import { watchNothing } from '../../../src/db/watch.ts';

/** A session with a connection of its own, for transactions that do what no store does. */
export async function openSession(url: string): Promise<{ session: Session; close(): Promise<void> }> {
  const connection = await connectEngine(parseDatabaseUrl(url), { createDatabase: true });
  await ensureSchema(connection, 'test', true);
  const hub = new EventHub({ latestId: () => latestEventId(session), watch: watchNothing, clock: systemClock });
  const session = new Session(connection.kysely, connection.engine, systemClock, hub);
  return { session, close: () => connection.orm.close() };
}
