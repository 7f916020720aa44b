import type { Clock } from '../time/clock.ts';

/** Where a hub learns that another process appended events. `check` says whether there was anything new. Gives a function that ends the watch. */
export type ForeignWatch = (check: () => Promise<boolean>) => () => void;

/**
 * Tells listeners that events were appended. What this process appends is told at once; what others append is found by looking for a
 * higher id, whenever the engine's watch says it is time to look. Nothing is watched while nobody listens.
 */
export class EventHub {
  readonly #listeners = new Set<() => void>();
  readonly #latestId: () => Promise<number>;
  readonly #watch: ForeignWatch;
  readonly #clock: Clock;
  #stopWatch: (() => void) | undefined;
  #stopWake: (() => void) | undefined;
  #lastId = -1;
  #checking = false;
  #again = false;

  constructor(options: { latestId: () => Promise<number>; watch: ForeignWatch; clock: Clock }) {
    this.#latestId = options.latestId;
    this.#watch = options.watch;
    this.#clock = options.clock;
  }

  listen(callback: () => void): () => void {
    // A wrapper, so that the same callback can listen twice.
    const listener = (): void => callback();
    this.#listeners.add(listener);
    if (this.#stopWatch === undefined) {
      this.#stopWatch = this.#watch(() => this.check());
      void this.check();
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.close();
    };
  }

  /** This process committed events, up to this id. */
  appended(id: number): void {
    this.#lastId = Math.max(this.#lastId, id);
    this.#tell();
  }

  /** Looks whether anybody appended. */
  async check(): Promise<boolean> {
    if (this.#checking) {
      this.#again = true;
      return false;
    }
    this.#checking = true;
    try {
      return await this.#look();
    } finally {
      this.#checking = false;
    }
  }

  /** Tells the listeners after a while, whatever happens: a reader stopped before events that are not visible yet. */
  wakeSoon(ms: number): void {
    if (this.#stopWake !== undefined || this.#listeners.size === 0) return;
    this.#stopWake = this.#clock.setTimeout(() => {
      this.#stopWake = undefined;
      this.#tell();
    }, ms);
  }

  /** Ends the watch; listeners stay and are told of what this process appends. */
  close(): void {
    this.#stopWatch?.();
    this.#stopWatch = undefined;
    this.#stopWake?.();
    this.#stopWake = undefined;
  }

  async #look(): Promise<boolean> {
    let found = false;
    do {
      this.#again = false;
      // A hint only: a database that does not answer is noticed by whoever reads.
      const id = await this.#latestId().catch(() => this.#lastId);
      if (id <= this.#lastId) continue;
      this.#lastId = id;
      found = true;
      this.#tell();
    } while (this.#again);
    return found;
  }

  #tell(): void {
    for (const listener of this.#listeners) queueMicrotask(listener);
  }
}
