import type { Clock } from '@autotest/core';

const firstDelayMs = 250;
const maxDelayMs = 60_000;

/** Keeps things that failed out of the way for a while: longer with each failure in a row. A clock that is set does not change how long. */
export class BackOff {
  readonly #clock: Clock;
  /** `untilMs` in the time of `monotonicMs`. */
  readonly #failures = new Map<string, { count: number; untilMs: number }>();
  readonly #pausing = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  failed(key: string): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (count - 1));
    this.#failures.set(key, { count, untilMs: this.#clock.monotonicMs() + delayMs });
    this.#pausing.add(key);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  isPaused(key: string): boolean {
    return (this.#failures.get(key)?.untilMs ?? -Infinity) > this.#clock.monotonicMs();
  }

  /** What was kept out of the way and is not any more, once. */
  resumed(): string[] {
    const keys = [...this.#pausing].filter((key) => !this.isPaused(key));
    for (const key of keys) this.#pausing.delete(key);
    return keys;
  }

  /** Until the next pause ends, ms; Infinity: nothing pauses. */
  nextEndMs(): number {
    const nowMs = this.#clock.monotonicMs();
    const ends = Array.from(this.#failures.values(), ({ untilMs }) => untilMs).filter((endMs) => endMs > nowMs);
    return ends.reduce((next, endMs) => Math.min(next, endMs), Infinity) - nowMs;
  }
}
