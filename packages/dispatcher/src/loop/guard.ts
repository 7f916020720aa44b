import { messageOf, type Clock, type Log } from '@autotest/core';
import { FencedError } from '@autotest/core/db';
import { StaleError } from '../errors.ts';
import { BackOff } from './back-off.ts';

/** Keeps an error in one thing from stopping the others: it is logged, and the thing is left alone for a while. */
export class Guard {
  readonly #backOff: BackOff;
  readonly #log: Log;

  constructor(clock: Clock, log: Log) {
    this.#backOff = new BackOff(clock);
    this.#log = log;
  }

  /** Never rejects. @param key names the thing: `entry:7`, `execution:3` */
  async run(key: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.#backOff.succeeded(key);
    } catch (error) {
      this.failed(key, error);
    }
  }

  isPaused(key: string): boolean {
    return this.#backOff.isPaused(key);
  }

  /** A thing failed that was not run here. */
  failed(key: string, error: unknown): void {
    this.#backOff.failed(key);
    // Somebody else goes on with it: that is how it should be.
    if (error instanceof FencedError || error instanceof StaleError)
      this.#log.warn('a step was refused', { what: key, reason: messageOf(error) });
    else this.#log.error('a step failed and is tried again later', { what: key, reason: messageOf(error), error });
  }

  /** Things whose pause has ended since the last call. */
  resumed(): string[] {
    return this.#backOff.resumed();
  }

  /** Until the next pause ends, ms; Infinity: nothing pauses. */
  nextEndMs(): number {
    return this.#backOff.nextEndMs();
  }
}
