import type { Stopper } from '../execution/stop.ts';

export interface StopWatch {
  /** Ends even the fetching of what was written. */
  readonly limit: AbortSignal;
  readonly dispose: () => void;
}

/**
 * On the first request a session's client is told to stop, and what it still writes is fetched for a while; on the second it is killed.
 *
 * @param send tells the client; `graceMs` for its tests to clean up, `withinMs` for the host to take it
 */
export function watchStop(stopper: Stopper, send: (graceMs: number, withinMs: number) => void): StopWatch {
  const { graceMs, sessionMs, hardMs } = stopper.limits;
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const giveUpIn = (ms: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => limit.abort(stopper.request), ms);
  };
  const onStop = (): void => {
    giveUpIn(sessionMs);
    send(graceMs, sessionMs);
  };
  const onHard = (): void => {
    giveUpIn(hardMs / 2);
    send(0, hardMs / 2);
  };
  if (stopper.signal.aborted) onStop();
  else stopper.signal.addEventListener('abort', onStop, { once: true });
  if (stopper.hard.aborted) onHard();
  else stopper.hard.addEventListener('abort', onHard, { once: true });
  return {
    limit: limit.signal,
    dispose: () => {
      clearTimeout(timer);
      stopper.signal.removeEventListener('abort', onStop);
      stopper.hard.removeEventListener('abort', onHard);
    },
  };
}
