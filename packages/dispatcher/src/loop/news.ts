import type { EventKind } from '@autotest/core';
import type { Database } from '@autotest/core/db';

/** Events after which a plan can look different. Results and logs, which are most of all events, are not among them. */
const relevant: ReadonlySet<EventKind> = new Set<EventKind>([
  'job.submitted',
  'job.abortRequested',
  'entry.moved',
  'execution.moved',
  'host.added',
  'host.changed',
  'host.moved',
  'task.queued',
  'task.moved',
  'dispatcher.changed',
]);
const batchSize = 500;

/** Calls back when something happened that a dispatcher has to look at. A hint: what is missed here is found by the poll. */
export async function watchNews(
  database: Database,
  onNews: () => void,
  onError: (error: unknown) => void,
): Promise<() => void> {
  let cursor = await database.events.latestId();
  let isReading = false;
  let again = false;
  const read = async (): Promise<void> => {
    for (;;) {
      const events = await database.events.since(cursor, { first: batchSize });
      const last = events.at(-1);
      if (!last) return;
      cursor = last.id;
      if (events.some(({ kind }) => relevant.has(kind))) onNews();
    }
  };
  const run = async (): Promise<void> => {
    again = true;
    if (isReading) return;
    isReading = true;
    try {
      while (again) {
        again = false;
        await read();
      }
    } catch (error) {
      onError(error);
    } finally {
      isReading = false;
    }
  };
  return database.events.onAppend(() => void run());
}
