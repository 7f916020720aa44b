import type { DispatcherRow } from '@autotest/core/db';

/**
 * Which dispatchers live, judged by whether their heartbeat moves, in the time of this process: neither clocks that differ between machines nor a clock that is set make
 * anybody dead.
 */
export class Liveness {
  readonly #ownId: string;
  readonly #silentMs: number;
  readonly #seen = new Map<string, { beat: number; at: number }>();

  /** @param silentMs how long one may be silent */
  constructor(ownId: string, silentMs: number) {
    this.#ownId = ownId;
    this.#silentMs = silentMs;
  }

  /**
   * One that is seen for the first time is taken for living: when its last sign of life was, only its own clock says.
   *
   * @param monotonicMs time of this process
   */
  observe(dispatchers: readonly DispatcherRow[], monotonicMs: number): void {
    for (const { id, heartbeatAt } of dispatchers)
      if (this.#seen.get(id)?.beat !== heartbeatAt)
        this.#seen.set(id, { beat: heartbeatAt, at: heartbeatAt === 0 ? -Infinity : monotonicMs });
  }

  /** It is dead, unless it gives another sign of life. */
  condemn(id: string): void {
    const seen = this.#seen.get(id);
    if (seen) this.#seen.set(id, { ...seen, at: -Infinity });
  }

  /** Whether it gave a sign of life lately. */
  isAlive(id: string, monotonicMs: number): boolean {
    return id === this.#ownId || this.silentMs(id, monotonicMs) < this.#silentMs;
  }

  /** How long it has been silent; Infinity for one that was never seen or said that it stops. */
  silentMs(id: string, monotonicMs: number): number {
    const seen = this.#seen.get(id);
    return seen ? monotonicMs - seen.at : Infinity;
  }
}
