/**
 * Makes a stream that ends as soon as its consumer leaves. A generator that waits for something only hears of `return()` when the wait is over:
 * the signal ends the wait.
 */
export function cancellable<T>(
  closing: AbortSignal,
  start: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const leaving = new AbortController();
  const inner = start(AbortSignal.any([closing, leaving.signal]));
  return {
    next: () => inner.next(),
    return(value) {
      leaving.abort();
      return inner.return(value);
    },
    throw(error) {
      leaving.abort();
      return inner.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await inner.return();
    },
  };
}
