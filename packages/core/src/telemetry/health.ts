import { systemClock, type Clock } from '../time/clock.ts';

/** How a part of a process is, as the part says. */
export interface PartHealth {
  readonly part: string;
  readonly ok: boolean;
  /** Since when it is so, ms since the epoch. */
  readonly since: number;
  readonly message?: string;
}

/** Something that is broken and stays so until somebody mends it, while everything else goes on: a row that cannot be read, a job that cannot be planned. */
export interface Damage {
  readonly part: string;
  /** What is broken: `entry 17`. */
  readonly what: string;
  readonly message: string;
  /** First time it was seen, ms since the epoch. */
  readonly since: number;
  /** How often it was seen. */
  readonly seen: number;
}

interface Beat {
  /** Of the last one, on the clock that never jumps. */
  readonly at: number;
  readonly withinMs: number;
  /** First of those that came in time one after the other, ms since the epoch. */
  readonly since: number;
}

/** Told at once; what comes after is counted only. */
const maxDamage = 200;

/**
 * How the parts of a process are, as they report it.
 *
 * A part `report`s when something changes, or `beat`s at each turn; one that beats is not well when it has not turned for as long as it promised.
 * `damage` is what a part found broken and went around: it does not make the process unfit, but it stays visible until the same part says that it is `mended`.
 */
export class Health {
  readonly #clock: Clock;
  readonly #parts = new Map<string, PartHealth>();
  readonly #beats = new Map<string, Beat>();
  readonly #damage = new Map<string, Damage>();
  #uncounted = 0;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** Says how a part is. `since` stays while `ok` does. */
  report(part: string, { ok, message }: { readonly ok: boolean; readonly message?: string }): void {
    const before = this.#parts.get(part);
    const since = before?.ok === ok ? before.since : this.#clock.now();
    this.#parts.set(part, { part, ok, since, ...(message !== undefined && { message }) });
  }

  /** Says that a part turns, and that it will do so again within this time. */
  beat(part: string, withinMs: number): void {
    const at = this.#clock.monotonicMs();
    const before = this.#beats.get(part);
    const inTime = before !== undefined && at - before.at <= before.withinMs;
    this.#beats.set(part, { at, withinMs, since: inTime ? before.since : this.#clock.now() });
  }

  /** Parts that report. */
  parts(): PartHealth[] {
    return [...this.#parts.values()];
  }

  /** Parts that beat. */
  beating(): PartHealth[] {
    const now = this.#clock.monotonicMs();
    return [...this.#beats].map(([part, { at, withinMs, since }]) => {
      const silentMs = now - at;
      if (silentMs <= withinMs) return { part, ok: true, since };
      const message = `It has not turned for ${Math.round(silentMs / 1000)} s.`;
      return { part, ok: false, since: this.#clock.now() - Math.round(silentMs - withinMs), message };
    });
  }

  /** Says that something is broken. */
  damage(part: string, what: string, message: string): void {
    const key = keyOf(part, what);
    const before = this.#damage.get(key);
    if (!before && this.#damage.size >= maxDamage) {
      this.#uncounted++;
      return;
    }
    const { since = this.#clock.now(), seen = 0 } = before ?? {};
    this.#damage.set(key, { part, what, message, since, seen: seen + 1 });
  }

  /** Says that it is not, any more. */
  mended(part: string, what: string): void {
    this.#damage.delete(keyOf(part, what));
    if (this.#damage.size === 0) this.#uncounted = 0;
  }

  /** What is broken, oldest first. `more`: reports that found no room. */
  damages(): { readonly list: readonly Damage[]; readonly more: number } {
    return { list: [...this.#damage.values()], more: this.#uncounted };
  }
}

function keyOf(part: string, what: string): string {
  return JSON.stringify([part, what]);
}
