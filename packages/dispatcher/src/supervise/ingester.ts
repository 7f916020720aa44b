import type { Log } from '@autotest/core';
import type { SchedulingStore } from '@autotest/core/db';
import { readJournal } from '@autotest/core/node';
import { journalSize } from './journal-end.ts';

/**
 * Takes a journal's growth into the database: one batch at a time, exactly once. Calls while one runs are joined into one more run behind it.
 * The offset is stored with the rows, so it does not matter who ingests, how often or from where after a restart.
 */
export class Ingester {
  readonly #store: Pick<SchedulingStore, 'ingest'>;
  readonly #executionId: number;
  readonly #file: string;
  readonly #log: Log;
  #offset: number;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(store: Pick<SchedulingStore, 'ingest'>, executionId: number, file: string, offset: number, log: Log) {
    this.#store = store;
    this.#executionId = executionId;
    this.#file = file;
    this.#offset = offset;
    this.#log = log;
  }

  /** Whether the file holds more than was read. */
  get isBehind(): boolean {
    return journalSize(this.#file) > this.#offset;
  }

  /** Takes in everything that is there at this moment. Rejects when the database does; nothing is lost then. */
  pump(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#takeAll();
    }
  }

  async #takeAll(): Promise<void> {
    for (;;) {
      const fromOffset = this.#offset;
      const { records, problems, nextOffset, more } = readJournal(this.#file, fromOffset);
      for (const { offset, message } of problems)
        this.#log.warn('a line of the journal is no record', { offset, problem: message });
      if (nextOffset === fromOffset) return;
      const result = await this.#store.ingest(this.#executionId, { fromOffset, toOffset: nextOffset, records });
      if (result.stale > 0) this.#log.warn('records of another epoch were left out', { records: result.stale });
      // Somebody else was there first: go on behind what they took.
      if (!result.applied && result.offset === fromOffset) return;
      this.#offset = result.offset;
      if (!more && result.applied) return;
    }
  }
}
