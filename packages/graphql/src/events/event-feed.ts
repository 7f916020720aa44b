import { messageOf, type EventRow, type Log } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import { createLoaders, type Loaders } from '../loaders.ts';

/** An event with the rows it tells of, which all its subscribers read together. */
export class FedEvent {
  readonly row: EventRow;
  readonly #database: Database;
  #loaders: Loaders | undefined;

  constructor(row: EventRow, database: Database) {
    this.row = row;
    this.#database = database;
  }

  /** Rows as they are when they are first asked for. */
  get loaders(): Loaders {
    this.#loaders ??= createLoaders(this.#database);
    return this.#loaders;
  }
}

const pageSize = 200;
/** How often the log is read though nobody said that there is something new. */
const netMs = 5000;

/**
 * Follows the log of events for any number of subscribers with one reader.
 *
 * A subscriber first reads what is stored after its cursor, then takes what the reader hands out. Its queue is bounded: when it does not keep up,
 * the queue is dropped and it reads from the database again, from its cursor. So nothing is lost, nothing comes twice, and a slow
 * subscriber costs no memory.
 */
export class EventFeed {
  readonly #database: Database;
  readonly #log: Log;
  readonly #maxQueue: number;
  readonly #onEvent: (row: EventRow) => void;
  readonly #subscribers = new Set<Subscriber>();
  #reader: Promise<Reader> | undefined;
  #closed = false;

  /** @param options.onEvent called for each new event that is handed out */
  constructor(database: Database, options: { log: Log; maxQueue?: number; onEvent?: (row: EventRow) => void }) {
    this.#database = database;
    this.#log = options.log;
    this.#maxQueue = options.maxQueue ?? 1000;
    this.#onEvent = options.onEvent ?? (() => undefined);
  }

  /** Number of subscribers. */
  get size(): number {
    return this.#subscribers.size;
  }

  /** Events after the cursor (default: from now on), in order, until `signal` fires or the feed is closed. */
  async *follow(options: {
    readonly after?: number | undefined;
    readonly jobId?: number | undefined;
    readonly signal: AbortSignal;
  }): AsyncGenerator<FedEvent, void, undefined> {
    const { jobId, signal } = options;
    const subscriber = new Subscriber(jobId, this.#maxQueue);
    if (signal.aborted || this.#closed) return;
    const stop = (): void => subscriber.end();
    signal.addEventListener('abort', stop, { once: true });
    try {
      // Registered before anything is read: what is appended meanwhile waits in the queue.
      this.#subscribers.add(subscriber);
      await this.#start();
      let cursor = options.after ?? (await this.#database.events.latestId());
      while (!subscriber.ended) {
        subscriber.clear();
        for await (const event of this.#stored(cursor, jobId)) {
          if (subscriber.ended) return;
          cursor = event.row.id;
          yield event;
        }
        while (!subscriber.ended && !subscriber.overflowed) {
          const event = subscriber.next();
          if (event === undefined) await subscriber.wait();
          else if (event.row.id > cursor) {
            cursor = event.row.id;
            yield event;
          }
        }
      }
    } finally {
      signal.removeEventListener('abort', stop);
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) await this.#stop();
    }
  }

  /** Ends all subscribers. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const subscriber of this.#subscribers) subscriber.end();
    await this.#stop();
  }

  async *#stored(after: number, jobId: number | undefined): AsyncGenerator<FedEvent, void, undefined> {
    for (let cursor = after; ;) {
      const rows = await this.#database.events.since(cursor, {
        first: pageSize,
        ...(jobId !== undefined && { jobId }),
      });
      for (const row of rows) yield new FedEvent(row, this.#database);
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) return;
      cursor = last.id;
    }
  }

  async #start(): Promise<void> {
    this.#reader ??= this.#openReader();
    try {
      await this.#reader;
    } catch (error) {
      this.#reader = undefined;
      throw error;
    }
  }

  async #openReader(): Promise<Reader> {
    const { events } = this.#database;
    const reader = new Reader(
      await events.latestId(),
      (after) => events.since(after, { first: pageSize }),
      (row) => this.#handOut(row),
      (error) => this.#log.warn('Reading events failed; it is tried again.', { error: messageOf(error) }),
    );
    const stopListening = events.onAppend(() => reader.wake());
    const timer = setInterval(() => reader.wake(), netMs);
    timer.unref();
    reader.onClose = () => {
      stopListening();
      clearInterval(timer);
    };
    return reader;
  }

  #handOut(row: EventRow): void {
    this.#onEvent(row);
    const event = new FedEvent(row, this.#database);
    for (const subscriber of this.#subscribers) subscriber.push(event);
  }

  async #stop(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    // One that could not be opened has nothing to close.
    (await reader?.catch(() => undefined))?.close();
  }
}

/** Reads new events whenever it is woken, one read at a time. */
class Reader {
  onClose: () => void = () => undefined;
  readonly #read: (after: number) => Promise<readonly EventRow[]>;
  readonly #take: (row: EventRow) => void;
  readonly #fail: (error: unknown) => void;
  #cursor: number;
  #reading = false;
  #again = false;
  #closed = false;

  constructor(
    cursor: number,
    read: (after: number) => Promise<readonly EventRow[]>,
    take: (row: EventRow) => void,
    fail: (error: unknown) => void,
  ) {
    this.#cursor = cursor;
    this.#read = read;
    this.#take = take;
    this.#fail = fail;
  }

  wake(): void {
    this.#again = true;
    if (!this.#reading && !this.#closed) void this.#run();
  }

  close(): void {
    this.#closed = true;
    this.onClose();
  }

  async #run(): Promise<void> {
    this.#reading = true;
    try {
      while (this.#again && !this.#closed) {
        this.#again = false;
        const rows = await this.#read(this.#cursor);
        if (this.#closed) return;
        for (const row of rows) {
          this.#cursor = row.id;
          this.#take(row);
        }
        if (rows.length === pageSize) this.#again = true;
      }
    } catch (error) {
      if (!this.#closed) this.#fail(error);
    } finally {
      this.#reading = false;
    }
  }
}

/** A bounded queue with one consumer. */
class Subscriber {
  ended = false;
  overflowed = false;
  readonly #jobId: number | undefined;
  readonly #max: number;
  #queue: FedEvent[] = [];
  #wake: (() => void) | undefined;

  constructor(jobId: number | undefined, max: number) {
    this.#jobId = jobId;
    this.#max = max;
  }

  push(event: FedEvent): void {
    if (this.overflowed || (this.#jobId !== undefined && event.row.jobId !== this.#jobId)) return;
    if (this.#queue.length >= this.#max) {
      this.#queue = [];
      this.overflowed = true;
    } else this.#queue.push(event);
    this.#wake?.();
  }

  next(): FedEvent | undefined {
    return this.#queue.shift();
  }

  clear(): void {
    this.overflowed = false;
    this.#queue = [];
  }

  end(): void {
    this.ended = true;
    this.#wake?.();
  }

  /** Resolves when there is something to look at. */
  wait(): Promise<void> {
    if (this.#queue.length > 0 || this.ended || this.overflowed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}
