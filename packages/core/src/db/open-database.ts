import { systemClock, type Clock } from '../time/clock.ts';
import type { Database } from './database.ts';
import { connectEngine, type EngineConnection } from './engine-connection.ts';
import { EventHub, type ForeignWatch } from './event-hub.ts';
import { ensureSchema } from './migrate.ts';
import { Session } from './session.ts';
import { accessStore } from './stores/access/access-store.ts';
import { accountStore } from './stores/accounts/account-store.ts';
import { bundleStore } from './stores/bundles/bundle-store.ts';
import { eventStore } from './stores/events/event-store.ts';
import { latestEventId } from './stores/events/edge.ts';
import { hostStore } from './stores/hosts/host-store.ts';
import { jobStore } from './stores/jobs/job-store.ts';
import { labelStore } from './stores/labels/label-store.ts';
import { lookupStore } from './stores/lookup/lookup-store.ts';
import { notificationStore } from './stores/notifications/notification-store.ts';
import { recurringStore } from './stores/recurring/recurring-store.ts';
import { resultStore } from './stores/results/result-store.ts';
import { schedulingStore } from './stores/scheduling/scheduling-store.ts';
import { secretStore } from './stores/secrets/secret-store.ts';
import { suiteStore } from './stores/suites/suite-store.ts';
import { userStore } from './stores/users/user-store.ts';
import { describeAddress, memoryFile, parseDatabaseUrl, type DatabaseAddress } from './url.ts';
import { poll, watchNothing, watchWal } from './watch.ts';

export interface OpenDatabaseOptions {
  /** Create the database and bring its tables up to date. @default false */
  readonly migrate?: boolean;
  /** @default systemClock */
  readonly clock?: Clock;
}

/**
 * Opens a database: `sqlite:<file>`, `sqlite::memory:`, `mysql://user:password@host:port/name` or `mariadb://…`.
 *
 * @throws AutotestError `AT_DATABASE_URL`, `AT_DATABASE_UNREACHABLE`, or `AT_DATABASE_OUTDATED` when tables are missing and `migrate` is not set.
 */
export async function openDatabase(url: string, options: OpenDatabaseOptions = {}): Promise<Database> {
  const { migrate = false, clock = systemClock } = options;
  const address = parseDatabaseUrl(url);
  const connection = await connectEngine(address, { createDatabase: migrate });
  try {
    await ensureSchema(connection, describeAddress(address), migrate || isMemory(address));
  } catch (error) {
    await connection.orm.close();
    throw error;
  }
  return databaseOn(connection, watchOf(address), clock);
}

/** The stores over a connection. `close` closes the connection. */
export function databaseOn({ engine, kysely, orm }: EngineConnection, watch: ForeignWatch, clock: Clock): Database {
  const hub = new EventHub({ latestId: () => latestEventId(session), watch, clock });
  const session = new Session(kysely, engine, clock, hub);
  return {
    engine,
    users: userStore(session),
    bundles: bundleStore(session),
    hosts: hostStore(session),
    access: accessStore(session),
    labels: labelStore(session),
    accounts: accountStore(session),
    jobs: jobStore(session),
    suites: suiteStore(session),
    recurring: recurringStore(session),
    results: resultStore(session),
    events: eventStore(session, hub),
    scheduling: schedulingStore(session),
    lookup: lookupStore(session),
    notifications: notificationStore(session),
    secrets: secretStore(session),
    async close() {
      hub.close();
      await orm.close();
    },
  };
}

function watchOf(address: DatabaseAddress): ForeignWatch {
  if (address.kind === 'server') return poll;
  return isMemory(address) ? watchNothing : watchWal(address.file);
}

function isMemory(address: DatabaseAddress): boolean {
  return address.kind === 'sqlite' && address.file === memoryFile;
}
