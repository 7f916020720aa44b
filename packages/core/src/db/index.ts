/**
 * The database of Autotest: stores over SQLite, MySQL and MariaDB.
 *
 * ```ts
 * import { openDatabase } from '@autotest/core/db';
 *
 * const database = await openDatabase('sqlite:./autotest.db', { migrate: true });
 * const jobs = await database.jobs.list({ first: 20 });
 * await database.close();
 * ```
 *
 * @module
 */
export { openDatabase, type OpenDatabaseOptions } from './open-database.ts';
export type * from './database.ts';
export { Change, type IdSource, type Touched, type TouchedLease } from './stores/scheduling/change.ts';
export * from './rows.ts';
export {
  AlreadyExistsError,
  DatabaseOutdatedError,
  DatabaseUnreachableError,
  DatabaseUrlError,
  DependencyError,
  FencedError,
  HostTakenError,
  HostLockedError,
  HostNotReservedError,
  HostReservedError,
  NotFoundError,
  OwnerError,
  ScheduleError,
} from './errors.ts';
