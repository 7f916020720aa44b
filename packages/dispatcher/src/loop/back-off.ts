import type { Clock } from '@autotest/core';

const firstDelayMs = 250;
const maxDelayMs = 60_000;

/** Keeps things that failed out of the way for a while: longer with each failure in a row. */
export class BackOff {
  readonly #clock: Clock;
  readonly #failures = new Map<string, { count: number; until: number }>();
  readonly #pausing = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  failed(key: string): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const delayMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (count - 1));
    this.#failures.set(key, { count, until: this.#clock.now() + delayMs });
    this.#pausing.add(key);
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }

  isPaused(key: string): boolean {
    return (this.#failures.get(key)?.until ?? 0) > this.#clock.now();
  }

  /** What was kept out of the way and is not any more, once. */
  resumed(): string[] {
    const keys = [...this.#pausing].filter((key) => !this.isPaused(key));
    for (const key of keys) this.#pausing.delete(key);
    return keys;
  }

  /** When the next pause ends, ms since the epoch. */
  nextEnd(): number {
    const now = this.#clock.now();
    return [...this.#failures.values()].reduce(
      (next, { until }) => (until > now && until < next ? until : next),
      Infinity,
    );
  }
}
