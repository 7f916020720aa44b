/** A fixed number of places; who finds none waits in line. */
export class Slots {
  #free: number;
  readonly #waiting: { resolve: (release: () => void) => void; reject: (error: unknown) => void }[] = [];
  #closed: { readonly reason: unknown } | undefined;

  constructor(count: number) {
    this.#free = count;
  }

  /** Takes a place; gives the function that gives it back, which may be called more than once. */
  take(): Promise<() => void> {
    if (this.#closed) return Promise.reject(this.#closed.reason);
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(this.#release());
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Whoever waits, and whoever comes, gets this error. */
  close(reason: unknown): void {
    this.#closed = { reason };
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  #release(): () => void {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const next = this.#waiting.shift();
      if (next) next.resolve(this.#release());
      else this.#free++;
    };
  }
}
