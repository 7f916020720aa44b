import type { Database } from '../db/database.ts';
import { openDatabase, type OpenDatabaseOptions } from '../db/open-database.ts';

/** A fresh database with all tables, in memory. Close it at the end of the test. */
export function makeTestDatabase(options: Pick<OpenDatabaseOptions, 'clock'> = {}): Promise<Database> {
  return openDatabase('sqlite::memory:', { ...options, migrate: true });
}
