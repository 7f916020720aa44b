import type { Clock } from './clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock for tests that only moves when it is told to. */
export class ManualClock implements Clock {
  #elapsedMs = 0;
  #startsAt: number;
  readonly #timers = new Set<Timer>();

  /** @param startsAt wall-clock time at the start, ms since the epoch */
  constructor(startsAt = Date.UTC(2026, 0, 1)) {
    this.#startsAt = startsAt;
  }

  now(): number {
    return this.#startsAt + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  setTimeout(callback: () => void, ms: number): () => void {
    const timer = { dueMs: this.#elapsedMs + ms, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that wait; 0 when everything was cleaned up. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Moves the hands forward and calls what falls due on the way, in order; each callback sees the time at which it was due. */
  advance(ms: number): void {
    const endMs = this.#elapsedMs + ms;
    for (let timer = this.#nextDue(endMs); timer !== undefined; timer = this.#nextDue(endMs)) {
      this.#timers.delete(timer);
      this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs);
      timer.callback();
    }
    this.#elapsedMs = endMs;
  }

  /** As when somebody sets the clock of the machine: the wall clock shows `now`, and timers and monotonic time do not notice. */
  set(now: number): void {
    this.#startsAt = now - this.#elapsedMs;
  }

  #nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && timer.dueMs < (next?.dueMs ?? Infinity)) next = timer;
    }
    return next;
  }
}
