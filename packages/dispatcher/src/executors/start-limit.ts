import { type Clock, sleep } from '@autotest/core';

/**
 * Lets through so many a second, in the order in which they come; after a pause up to a second's worth (at least one) at once. Waiting is not failing: who waits can be
 * called off, and then takes nothing away from the others.
 */
export class StartLimit {
  readonly #perSecond: number;
  readonly #clock: Clock;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;
  /** The last one in the queue has come to its turn. */
  #turn: Promise<void> = Promise.resolve();

  /** @param perSecond Infinity: no limit */
  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#burst = Math.max(1, perSecond);
    this.#tokens = this.#burst;
    this.#filledAt = clock.monotonicMs();
  }

  /** Resolves when one may start. Rejects with the signal's reason when it fires first. */
  async pass(signal: AbortSignal): Promise<void> {
    if (this.#perSecond === Infinity) return;
    const before = this.#turn;
    const mine = Promise.withResolvers<void>();
    this.#turn = mine.promise;
    try {
      await before;
      await this.#takeToken(signal);
    } finally {
      mine.resolve();
    }
  }

  async #takeToken(signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      this.#fill();
      if (this.#tokens >= 1) break;
      await sleep(Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000), { clock: this.#clock, signal });
    }
    this.#tokens -= 1;
  }

  #fill(): void {
    const now = this.#clock.monotonicMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.#perSecond);
    this.#filledAt = now;
  }
}
