import { type Clock, systemClock } from './clock.ts';
import { type Duration, parseDuration } from './duration.ts';

export interface SleepOptions {
  /** Ends the wait; `sleep` then rejects with its reason. */
  readonly signal?: AbortSignal;
  /** @default systemClock */
  readonly clock?: Clock;
}

/** Waits. Rejects with the signal's reason when it fires first, and leaves neither timer nor listener behind. */
export function sleep(duration: Duration, options: SleepOptions = {}): Promise<void> {
  const { signal, clock = systemClock } = options;
  const ms = parseDuration(duration);
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
