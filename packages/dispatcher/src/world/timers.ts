import TinyQueue from 'tinyqueue';
import type { DirtyKind } from './dirty.ts';

/** A moment at which something has to be looked at: a limit, a lock or a reservation ends. */
interface Moment {
  readonly at: number;
  readonly kind: DirtyKind;
  readonly id: number;
}

/**
 * When which thing has to be looked at, that no event tells of. A moment that does not matter any more is not taken back: the thing is
 * looked at once for nothing.
 */
export class Timers {
  readonly #moments = new TinyQueue<Moment>([], (a, b) => a.at - b.at);
  /** Moments that are in the queue: `kind:id:at`. */
  readonly #known = new Set<string>();

  /** @param at ms since the epoch */
  set(kind: DirtyKind, id: number, at: number): void {
    const key = `${kind}:${id}:${at}`;
    if (!Number.isFinite(at) || this.#known.has(key)) return;
    this.#known.add(key);
    this.#moments.push({ at, kind, id });
  }

  /** What is due, once. */
  *due(now: number): Generator<{ kind: DirtyKind; id: number }> {
    for (let first = this.#moments.peek(); first !== undefined && first.at <= now; first = this.#moments.peek()) {
      this.#moments.pop();
      this.#known.delete(`${first.kind}:${first.id}:${first.at}`);
      yield first;
    }
  }

  /** ms since the epoch; Infinity: nothing. */
  get nextAt(): number {
    return this.#moments.peek()?.at ?? Infinity;
  }
}
