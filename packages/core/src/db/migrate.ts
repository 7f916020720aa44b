import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import { messageOf } from '../errors/autotest-error.ts';
import { driverError } from './driver-error.ts';
import type { EngineConnection } from './engine-connection.ts';
import { DatabaseOutdatedError } from './errors.ts';
import { schemaMigrations } from './migrations/index.ts';
import type { Tables } from './schema.ts';
import { sha1 } from './values.ts';

/**
 * Brings the schema up to date, or says that it is not. Any number of processes may do this at once.
 *
 * @throws DatabaseOutdatedError
 */
export async function ensureSchema(connection: EngineConnection, where: string, migrate: boolean): Promise<void> {
  const before = await compare(connection.kysely);
  if (before.unknown.length > 0 || (before.missing.length > 0 && !migrate))
    throw new DatabaseOutdatedError(where, before.missing, before.unknown);
  if (before.missing.length === 0) return;
  if (connection.engine === 'sqlite') await migrateSqlite(connection);
  else await migrateServer(connection);
}

async function compare(db: Kysely<Tables>): Promise<{ missing: string[]; unknown: string[] }> {
  const known = schemaMigrations.map((step) => step.name);
  const done = await executed(db);
  return {
    missing: known.filter((name) => !done.includes(name)),
    unknown: done.filter((name) => !known.includes(name)),
  };
}

async function executed(db: Kysely<Tables>): Promise<string[]> {
  try {
    const { rows } = await sql<{ name: string }>`select name from migrations order by id`.execute(db);
    return rows.map((row) => row.name);
  } catch (error) {
    if (driverError(error).errno === 1146 || messageOf(error).includes('no such table')) return [];
    throw error;
  }
}

const sqliteAttempts = 10;

/** All steps run in one transaction, which fails as a whole when another process is doing the same; then that one has done it. */
async function migrateSqlite({ orm, kysely }: EngineConnection): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await orm.migrator.up();
      return;
    } catch (error) {
      if ((await compare(kysely)).missing.length === 0) return;
      if (attempt === sqliteAttempts) throw error;
      await sleep(50 + Math.random() * 200);
    }
  }
}

/** Servers commit each statement that changes the schema, so only one process may run them: it holds a named lock. */
async function migrateServer({ orm, kysely }: EngineConnection): Promise<void> {
  await kysely.connection().execute(async (holder) => {
    const { rows } = await sql<{ name: string }>`select database() as name`.execute(holder);
    // Hashed here: lock names are short, and MySQL 9 has no md5().
    const lock = `autotest.migrate.${sha1(rows[0]?.name ?? '')}`;
    await sql`select get_lock(${lock}, 300)`.execute(holder);
    try {
      if ((await compare(kysely)).missing.length > 0) await orm.migrator.up();
    } finally {
      await sql`select release_lock(${lock})`.execute(holder);
    }
  });
}
