import { SignedOutError } from './socket.ts';

/** What a resumable stream does with the outside world. */
export interface StreamSource<E> {
  /** Id of the newest event. */
  head(): Promise<string>;
  /** Delivers events after the cursor until the connection breaks (rejects), the server ends it or `signal` is aborted (resolves). */
  run(after: string, onEvent: (event: E) => void, signal: AbortSignal, onStart: () => void): Promise<void>;
  idOf(event: E): string;
}

export interface StreamListener<E> {
  onEvent(event: E): void;
  /** Too much was missed to be replayed: read the page again, the stream goes on from now. */
  onGap?(): void;
  onState?(state: StreamState): void;
}

export type StreamState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'reconnecting'; readonly sinceMs: number; readonly attempt: number }
  | { readonly kind: 'signedOut' };

export interface StreamOptions {
  readonly signal: AbortSignal;
  /** Where to begin; default: at the newest event. */
  readonly after?: string;
  /** More missed events than this are not replayed. @default 2000 */
  readonly maxReplay?: number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now?: () => number;
}

/**
 * Follows the event log for as long as `signal` lets it: every event once, in order, however often the connection breaks. After a break it goes on
 * behind the last event seen; after a long one (a laptop that slept) it tells `onGap` and goes on from the newest event.
 */
export async function followEvents<E>(
  source: StreamSource<E>,
  listener: StreamListener<E>,
  options: StreamOptions,
): Promise<void> {
  const { signal, maxReplay = 2000, wait = waitFor, now = Date.now } = options;
  let cursor = options.after;
  let attempt = 0;
  let brokenSinceMs: number | undefined;
  listener.onState?.({ kind: 'connecting' });
  while (!signal.aborted) {
    try {
      cursor = await startCursor(source, cursor, attempt > 0, maxReplay, () => listener.onGap?.());
      await source.run(cursor, take, signal, () => {
        attempt = 0;
        brokenSinceMs = undefined;
        listener.onState?.({ kind: 'live' });
      });
    } catch (error) {
      if (error instanceof SignedOutError) {
        listener.onState?.({ kind: 'signedOut' });
        return;
      }
    }
    if (signal.aborted) return;
    attempt += 1;
    brokenSinceMs ??= now();
    listener.onState?.({ kind: 'reconnecting', sinceMs: brokenSinceMs, attempt });
    await wait(backOffMs(attempt), signal);
  }

  function take(event: E): void {
    const id = source.idOf(event);
    // A server may send again what it had sent before a break; ids rise.
    if (cursor !== undefined && compareIds(id, cursor) <= 0) return;
    cursor = id;
    listener.onEvent(event);
  }
}

async function startCursor<E>(
  source: StreamSource<E>,
  cursor: string | undefined,
  isResume: boolean,
  maxReplay: number,
  onGap: () => void,
): Promise<string> {
  if (cursor === undefined) return source.head();
  if (!isResume) return cursor;
  const head = await source.head();
  if (Number(head) - Number(cursor) <= maxReplay) return cursor;
  onGap();
  return head;
}

/** Compares two event ids, which are decimal numbers. */
export function compareIds(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** 0.25 s, 0.5 s, 1 s … 15 s, with some scatter so that a restarted server is not met by everybody at once. */
export function backOffMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(15_000, 250 * 2 ** Math.min(attempt - 1, 10));
  return Math.round(full * (0.75 + random() * 0.5));
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
