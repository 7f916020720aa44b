import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely, type Transaction } from 'kysely';
import type { EventRow } from '../model/event.ts';
import type { Clock } from '../time/clock.ts';
import type { Engine } from './engine.ts';
import { driverError } from './driver-error.ts';
import type { EventHub } from './event-hub.ts';
import { insertEvents, type EventIds } from './stores/events/insert.ts';
import type { Tables } from './schema.ts';

/**
 * Transactions of the stores.
 *
 * - Write first: on SQLite the first statement of a writing transaction is a write, so the transaction waits for the lock, before it has done anything, instead of
 *   failing where it would have to turn a read lock into a write lock. Several processes may write the same file. They wait by trying again, since waiting
 *   inside SQLite would stop the whole process, also the part of it that holds the lock over another connection.
 * - A transaction that meets a deadlock or a lock time-out is run again as a whole, a bounded number of times: its work must have no effects outside the database.
 * - Events are kept aside and written last, in one statement: a transaction that is undone leaves no gap in their ids, and the time during which ids are
 *   taken but not visible is short.
 * - What runs inside of a transaction and uses other stores takes part in it.
 */
export class Session {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly #kysely: Kysely<Tables>;
  readonly #hub: EventHub;
  readonly #running = new AsyncLocalStorage<Running>();

  constructor(kysely: Kysely<Tables>, engine: Engine, clock: Clock, hub: EventHub) {
    this.#kysely = kysely;
    this.engine = engine;
    this.clock = clock;
    this.#hub = hub;
  }

  /** For queries: the transaction one is in, or else the pool. */
  get db(): Kysely<Tables> {
    return this.#current()?.db ?? this.#kysely;
  }

  get isServer(): boolean {
    return this.engine !== 'sqlite';
  }

  /** Runs a writing transaction; inside of another one, takes part in that. */
  async write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const outer = this.#current();
    if (outer) return work(outer);
    return (await this.writeTelling(work)).result;
  }

  /** As `write`, not inside of another transaction; gives also the ids of the events. */
  async writeTelling<T>(work: (tx: Tx) => Promise<T>): Promise<{ result: T; events: EventIds | undefined }> {
    const startedMs = this.clock.monotonicMs();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work);
      } catch (error) {
        if (!isTransient(error) || this.#isEnough(attempt, startedMs)) throw error;
        await sleep(1 + Math.random() * Math.min(5 * attempt, 50));
      }
    }
  }

  /** Runs queries that all see the same state. */
  async readConsistently<T>(work: (db: Kysely<Tables>) => Promise<T>): Promise<T> {
    const outer = this.#current();
    if (outer) return work(outer.db);
    const transaction = this.#kysely.transaction();
    const snapshot = this.isServer
      ? transaction.setIsolationLevel('repeatable read').setAccessMode('read only')
      : transaction;
    return snapshot.execute(work);
  }

  async #attempt<T>(work: (tx: Tx) => Promise<T>): Promise<{ result: T; events: EventIds | undefined }> {
    let events: EventIds | undefined;
    const result = await this.#kysely.transaction().execute(async (db) => {
      if (!this.isServer) await takeWriteLock(db);
      const tx = new Tx(db, this);
      const running: Running = { tx };
      try {
        const value = await this.#running.run(running, () => work(tx));
        events = await insertEvents(this, db, tx.events);
        return value;
      } finally {
        running.tx = undefined;
      }
    });
    if (events !== undefined) this.#hub.appended(events.last);
    return { result, events };
  }

  /** Servers wait for locks themselves, so few attempts are long; on SQLite the attempts are how one waits. */
  #isEnough(attempt: number, startedMs: number): boolean {
    return this.isServer ? attempt >= maxAttempts : this.clock.monotonicMs() - startedMs > sqliteWaitMs;
  }

  #current(): Tx | undefined {
    return this.#running.getStore()?.tx;
  }
}

/** An event before it has its id and time. */
export type NewEvent = Omit<EventRow, 'id' | 't'>;

/** A writing transaction. */
export class Tx {
  readonly db: Transaction<Tables>;
  readonly session: Session;
  /** By the clock of this process, when the transaction began. */
  readonly now: number;
  readonly events: NewEvent[] = [];

  constructor(db: Transaction<Tables>, session: Session) {
    this.db = db;
    this.session = session;
    this.now = session.clock.now();
  }

  /** Tells of a change, in this transaction. */
  emit(event: NewEvent): void {
    this.events.push(event);
  }
}

interface Running {
  /** Undefined once the transaction ended: what was left running in it must not use it. */
  tx: Tx | undefined;
}

const maxAttempts = 12;
const sqliteWaitMs = 10_000;

/** Takes the one write lock of an SQLite file, without changing a page. */
async function takeWriteLock(db: Transaction<Tables>): Promise<void> {
  await sql`update dispatchers set pid = pid where id = ''`.execute(db);
}

const transientErrors = new Set<number | undefined>([1205, 1213, 3572]);

/** Deadlock or lock time-out: the transaction was undone and can be run again. */
export function isTransient(error: unknown): boolean {
  const { code, errno } = driverError(error);
  return transientErrors.has(errno) || /^SQLITE_(BUSY|LOCKED)/.test(code);
}

/** A unique key exists already. */
export function isDuplicate(error: unknown): boolean {
  const { code, errno } = driverError(error);
  return errno === 1062 || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

/** Runs a transaction that makes a row where there is none; once more, when somebody else made it at the same moment. */
export async function againAfterDuplicate<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (isDuplicate(error)) return write();
    throw error;
  }
}
