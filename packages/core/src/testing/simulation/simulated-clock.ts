import TinyQueue from 'tinyqueue';
import type { Clock } from '../../time/clock.ts';

interface Moment {
  readonly dueMs: number;
  /** What falls due at the same time happens in the order in which it was set. */
  readonly order: number;
  readonly callback: () => void;
  isOff: boolean;
}

/** The time of a simulation: it stands still while something happens, and goes on from one event to the next. Also the queue of events to come. */
export class SimulatedClock implements Clock {
  readonly #startsAt: number;
  readonly #moments = new TinyQueue<Moment>([], (a, b) => a.dueMs - b.dueMs || a.order - b.order);
  #elapsedMs = 0;
  #order = 0;

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

  /** As timers of a program: at least 1 ms, in whole ms. */
  setTimeout(callback: () => void, ms: number): () => void {
    if (ms === Infinity) return () => undefined;
    const dueMs = this.#elapsedMs + Math.max(1, Math.trunc(ms));
    const moment: Moment = { dueMs, order: this.#order++, callback, isOff: false };
    this.#moments.push(moment);
    return () => {
      moment.isOff = true;
    };
  }

  /** When the next event happens, in the time of `monotonicMs`; Infinity: none is left. */
  get nextMs(): number {
    return this.#first()?.dueMs ?? Infinity;
  }

  /** Goes on to the next event and lets it happen; false: none is left. */
  step(): boolean {
    const moment = this.#first();
    if (!moment) return false;
    this.#moments.pop();
    this.#elapsedMs = moment.dueMs;
    moment.callback();
    return true;
  }

  /** Goes on to the next moment and lets all of its events happen; false: none is left. */
  stepMoment(): boolean {
    if (!this.step()) return false;
    while (this.nextMs === this.#elapsedMs) this.step();
    return true;
  }

  #first(): Moment | undefined {
    for (let first = this.#moments.peek(); first !== undefined; first = this.#moments.peek()) {
      if (!first.isOff) return first;
      this.#moments.pop();
    }
    return undefined;
  }
}

/** A clock whose timers fall due at multiples of `grainMs`, so that more happens at one moment; it tells the time of `clock`. */
export function coarse(clock: Clock, grainMs: number): Clock {
  return {
    now: () => clock.now(),
    monotonicMs: () => clock.monotonicMs(),
    setTimeout(callback, ms) {
      const nowMs = clock.monotonicMs();
      return clock.setTimeout(callback, Math.ceil((nowMs + Math.max(1, ms)) / grainMs) * grainMs - nowMs);
    },
  };
}

/** Resolves when everything has happened that does not wait for time or for the outside: for programs that do nothing but compute and ask an embedded database. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
