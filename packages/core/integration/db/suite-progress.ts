import { EventHub } from '../../src/db/event-hub.ts';
import { connectEngine } from '../../src/db/engine-connection.ts';
import { Session } from '../../src/db/session.ts';
import { latestEventId } from '../../src/db/stores/events/edge.ts';
import { updateSuites } from '../../src/db/stores/suites/update.ts';
import { parseDatabaseUrl } from '../../src/db/url.ts';
import { watchNothing } from '../../src/db/watch.ts';
import { openDatabase, type NewSuiteJob } from '@autotest/core/db';
import { systemClock } from '@autotest/core';
import { expect, it } from 'vitest';
import { newJob, only, putBundle } from '../../test/db/contract/fixture.ts';

/** What suites know of the jobs of theirs that finished. Works on the tables beside a database, since jobs finish only through a dispatcher. */
export function describeSuiteProgress(newUrl: () => string): void {
  it('counts the jobs that finish, keeps the worst outcome and tells of its end once', async () => {
    const url = newUrl();
    const db = await openDatabase(url, { migrate: true });
    const connection = await connectEngine(parseDatabaseUrl(url), { createDatabase: false });
    const hub = new EventHub({ latestId: () => latestEventId(session), watch: watchNothing, clock: systemClock });
    const session = new Session(connection.kysely, connection.engine, systemClock, hub);
    try {
      await putBundle(db);
      const jobs: NewSuiteJob[] = [1, 2, 3].map(() => ({ job: newJob() }));
      const { suite } = await db.suites.create({ name: 's', owner: 'anna', jobs });
      const other = await db.suites.create({ name: 'other', owner: 'anna', jobs });
      const finish = (outcomes: readonly ('passed' | 'failed' | 'error')[]) =>
        session.write((tx) => updateSuites(tx, [{}, ...outcomes.map((outcome) => ({ suiteId: suite.id, outcome }))]));

      await finish([]);
      expect(await db.suites.byId(suite.id)).toEqual(suite);
      await finish(['failed']);
      expect(await db.suites.byId(suite.id)).toMatchObject({ finishedCount: 1, worstOutcome: 'failed' });
      expect(await db.suites.byId(suite.id)).not.toHaveProperty('finishedAt');
      await Promise.all([finish(['passed']), finish(['passed'])]);
      expect(await db.suites.byId(suite.id)).toMatchObject({
        finishedCount: 3,
        worstOutcome: 'failed',
        finishedAt: expect.any(Number),
      });
      expect(await db.suites.byId(other.suite.id)).toEqual(other.suite);
      const told = only(await db.events.since(0, { first: 9, kinds: ['suite.finished'] }));
      expect(told.data).toEqual({ suiteId: suite.id, name: 's', owner: 'anna', outcome: 'failed' });
    } finally {
      hub.close();
      await connection.orm.close();
      await db.close();
    }
  });
}
