import type { Clock } from '@autotest/core';
import type { Database } from '@autotest/core/db';

/** Calls back after something was appended, once for all that comes within `gatherMs`. Gives a disposer. */
export function onNews(
  events: Pick<Database['events'], 'onAppend'>,
  clock: Clock,
  gatherMs: number,
  callback: () => void,
): () => void {
  let cancel: (() => void) | undefined;
  const unsubscribe = events.onAppend(() => {
    cancel ??= clock.setTimeout(() => {
      cancel = undefined;
      callback();
    }, gatherMs);
  });
  return () => {
    unsubscribe();
    cancel?.();
  };
}
