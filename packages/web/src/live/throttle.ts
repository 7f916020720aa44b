/** Collects keys and hands them over together, at most once in `everyMs`; the last ones are never forgotten. */
export class KeyThrottle<K> {
  readonly #keys = new Set<K>();
  readonly #everyMs: number;
  readonly #flush: (keys: readonly K[]) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #lastMs = -Infinity;

  constructor(everyMs: number, flush: (keys: readonly K[]) => void) {
    this.#everyMs = everyMs;
    this.#flush = flush;
  }

  add(key: K): void {
    this.#keys.add(key);
    if (this.#timer !== undefined) return;
    const waitMs = Math.max(0, this.#lastMs + this.#everyMs - Date.now());
    this.#timer = setTimeout(() => this.#hand(), waitMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#keys.clear();
  }

  #hand(): void {
    this.#timer = undefined;
    this.#lastMs = Date.now();
    const keys = [...this.#keys];
    this.#keys.clear();
    this.#flush(keys);
  }
}
