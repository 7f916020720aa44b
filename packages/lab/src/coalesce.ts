/**
 * A function that gathers what it is called with in one turn of the event loop, and does it all at once: starting a program costs more than what it does. A failure is everybody's.
 */
export function coalesce<T>(run: (items: readonly T[]) => Promise<void>): (item: T) => Promise<void> {
  let waiting: T[] | undefined;
  let done: Promise<void> = Promise.resolve();
  return (item) => {
    if (waiting === undefined) {
      const items: T[] = [];
      waiting = items;
      done = new Promise<void>((resolve) => {
        setImmediate(resolve);
      }).then(() => {
        waiting = undefined;
        return run(items);
      });
    }
    waiting.push(item);
    return done;
  };
}
