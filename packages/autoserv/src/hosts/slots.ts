interface Waiter {
  readonly resolve: (release: () => void) => void;
  readonly reject: (error: unknown) => void;
}

/** A fixed number of places; who finds none waits in line. */
export class Slots {
  #free: number;
  readonly #waiting: Waiter[] = [];
  #closed: { readonly reason: unknown } | undefined;

  constructor(count: number) {
    this.#free = count;
  }

  /**
   * Takes a place; gives the function that gives it back, which may be called more than once.
   *
   * @param signal leaves the line, with its reason
   */
  take(signal?: AbortSignal): Promise<() => void> {
    if (this.#closed) return Promise.reject(this.#closed.reason);
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(this.#release());
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(waiter);
        if (index !== -1) this.#waiting.splice(index, 1);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        resolve: (release) => {
          signal?.removeEventListener('abort', onAbort);
          resolve(release);
        },
        reject,
      };
      this.#waiting.push(waiter);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
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
