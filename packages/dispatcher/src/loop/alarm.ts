import type { Clock } from '@autotest/core';

/**
 * Runs one piece of work over and over, never twice at once: whenever it is woken, and when the time comes that the work itself named. Wakes that
 * come while it runs are joined into one more run.
 */
export class Alarm {
  readonly #clock: Clock;
  readonly #work: () => Promise<number>;
  #running: Promise<void> | undefined;
  #again = false;
  #isStopped = false;
  #cancel: (() => void) | undefined;

  /** @param work gives the delay in ms after which it wants to run again; must not reject */
  constructor(clock: Clock, work: () => Promise<number>) {
    this.#clock = clock;
    this.#work = work;
  }

  wake(): void {
    if (this.#isStopped) return;
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when the work that runs has ended; none begins after it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#again = false;
    this.#cancel?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      this.#cancel?.();
      const delayMs = await this.#work();
      if (this.#isStopped) return;
      this.#cancel = this.#clock.setTimeout(() => this.wake(), delayMs);
    }
  }
}
