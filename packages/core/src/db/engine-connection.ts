import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { EntityCaseNamingStrategy } from '@mikro-orm/core';
import { Migrator } from '@mikro-orm/migrations';
import type { MikroORM } from '@mikro-orm/sql';
import { CompiledQuery, sql, type DatabaseConnection, type Kysely } from 'kysely';
import { driverError } from './driver-error.ts';
import { collations, type Engine, type ServerEngine } from './engine.ts';
import { DatabaseUnreachableError } from './errors.ts';
import { schemaMigrations } from './migrations/index.ts';
import { migrationFor } from './migrations/schema-migration.ts';
import { entities, type Tables } from './schema.ts';
import { describeAddress, memoryFile, type DatabaseAddress } from './url.ts';

export type Orm = MikroORM;
type ServerAddress = Extract<DatabaseAddress, { kind: 'server' }>;

export interface EngineConnection {
  readonly engine: Engine;
  readonly orm: Orm;
  readonly kysely: Kysely<Tables>;
}

/**
 * Connects. Which driver serves a server is decided by what the server says it is, whatever the URL says: MySQL's driver never agrees with the schema of a MariaDB.
 *
 * @throws DatabaseUnreachableError
 */
export async function connectEngine(
  address: DatabaseAddress,
  options: { createDatabase: boolean },
): Promise<EngineConnection> {
  if (address.kind === 'sqlite') return connectSqlite(address.file);
  const asMysql = await connectServer(address, 'mysql', options);
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(asMysql.kysely);
  if (!/mariadb/i.test(rows[0]?.version ?? '')) return asMysql;
  await asMysql.orm.close();
  return connectServer(address, 'mariadb', options);
}

async function connectSqlite(file: string): Promise<EngineConnection> {
  // Loaded here, so that nobody pays for the drivers of other engines.
  const { MikroORM } = await import('@mikro-orm/sqlite');
  let orm: Orm | undefined;
  try {
    if (file !== memoryFile) mkdirSync(dirname(file), { recursive: true });
    orm = asOrm(new MikroORM({ ...commonOptions('sqlite'), dbName: file, onCreateConnection: prepareSqlite }));
    await orm.connect();
    keepStatements(await nativeClient(orm));
    const kysely = orm.em.getKysely<Tables>();
    await sql`select count(*) from sqlite_master`.execute(kysely);
    return { engine: 'sqlite', orm, kysely };
  } catch (error) {
    await orm?.close();
    throw new DatabaseUnreachableError(file, 'check that it is an SQLite file which this user may write.', error);
  }
}

interface NativeSqlite {
  prepare(text: string): object;
}

async function nativeClient(orm: Orm): Promise<NativeSqlite> {
  // oxlint-disable-next-line no-unsafe-type-assertion -- the connection of MikroORM's driver for better-sqlite3
  const connection = orm.em.getConnection() as unknown as { getNativeClient(): Promise<NativeSqlite> };
  return connection.getNativeClient();
}

const maxStatements = 500;

/** Prepares each text of a statement once: the query builder asks anew each time, and that takes as long as a small statement itself. */
function keepStatements(database: NativeSqlite): void {
  const prepare = database.prepare.bind(database);
  const kept = new Map<string, object>();
  database.prepare = (text) => {
    const known = kept.get(text);
    if (known) return known;
    const statement = prepare(text);
    if (kept.size >= maxStatements) kept.clear();
    kept.set(text, statement);
    return statement;
  };
}

async function connectServer(
  address: ServerAddress,
  engine: ServerEngine,
  { createDatabase }: { createDatabase: boolean },
): Promise<EngineConnection> {
  const options = {
    ...commonOptions(engine),
    host: address.host,
    port: address.port,
    user: address.user,
    ...(address.password !== undefined && { password: address.password }),
    dbName: address.database,
    charset: 'utf8mb4',
    collate: collations[engine],
    onCreateConnection: prepareServer,
    pool: { max: 10 },
    driverOptions: {
      connectTimeout: 10_000,
      ...(address.socketPath !== undefined && { socketPath: address.socketPath }),
      ...(address.tls && { ssl: {} }),
    },
  };
  const orm = asOrm(
    engine === 'mysql'
      ? new (await import('@mikro-orm/mysql')).MikroORM(options)
      : new (await import('@mikro-orm/mariadb')).MikroORM(options),
  );
  try {
    if (createDatabase) await ensureDatabase(orm);
    await orm.connect();
    const kysely = orm.em.getKysely<Tables>();
    await sql`select 1`.execute(kysely);
    return { engine, orm, kysely };
  } catch (error) {
    await orm.close().catch(() => undefined);
    throw new DatabaseUnreachableError(describeAddress(address), remedyFor(error), error);
  }
}

/** The type all drivers share: those of the single drivers do not unify. */
function asOrm(orm: object): Orm {
  // oxlint-disable-next-line no-unsafe-type-assertion -- each is a MikroORM over SQL
  return orm as Orm;
}

async function ensureDatabase(orm: Orm): Promise<void> {
  try {
    await orm.schema.ensureDatabase();
  } catch (error) {
    // Another process created it at the same moment.
    if (driverError(error).errno !== 1007) throw error;
  }
}

function commonOptions(engine: Engine) {
  return {
    entities,
    namingStrategy: EntityCaseNamingStrategy,
    extensions: [Migrator],
    // Nothing of ours uses the identity map.
    allowGlobalContext: true,
    ensureDatabase: false,
    discovery: { warnWhenNoEntities: false },
    migrations: {
      tableName: 'migrations',
      migrationsList: schemaMigrations.map((step) => migrationFor(engine, step)),
      snapshot: false,
      silent: true,
    },
  };
}

async function prepareSqlite(connection: unknown): Promise<void> {
  await run(connection, [
    'pragma busy_timeout = 10000',
    'pragma journal_mode = wal',
    'pragma synchronous = normal',
    // A checkpoint waits for the disk; every 16 MB instead of every 4.
    'pragma wal_autocheckpoint = 4000',
    'pragma foreign_keys = on',
    // Waiting stops the whole process; who wants to write tries again instead.
    'pragma busy_timeout = 20',
  ]);
}

async function prepareServer(connection: unknown): Promise<void> {
  await run(connection, [
    'set session transaction isolation level read committed',
    `set session sql_mode = 'STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 10`,
  ]);
}

async function run(connection: unknown, statements: readonly string[]): Promise<void> {
  // oxlint-disable-next-line no-unsafe-type-assertion -- MikroORM passes on what kysely gives
  const kyselyConnection = connection as DatabaseConnection;
  for (const statement of statements) await kyselyConnection.executeQuery(CompiledQuery.raw(statement));
}

function remedyFor(error: unknown): string {
  const { code, errno } = driverError(error);
  if (errno === 1045 || errno === 1698) return 'check the user and the password in the URL.';
  if (errno === 1049) return 'create the database, or open it with { migrate: true }.';
  if (errno === 1044) return 'grant the user all rights on this database.';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'check the name of the host in the URL.';
  return 'check that the server runs and that the host and the port in the URL are right.';
}
