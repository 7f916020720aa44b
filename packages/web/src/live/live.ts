import type { AnyVariables, Client, TypedDocumentNode } from '@urql/core';
import { computed, inject, onScopeDispose, reactive, type ComputedRef, type InjectionKey } from 'vue';
import { ask } from '../api/request.ts';
import { serverClock } from '../api/client.ts';
import { failureOf } from '../api/failure.ts';
import { AppEventsDocument, EventCursorDocument, type AppEventsSubscription } from '../generated/graphql.ts';
import { followEvents, type StreamListener, type StreamState } from './event-stream.ts';
import { SignedOutError, type Feed } from './socket.ts';

export type AppEvent = AppEventsSubscription['events'];

/** How fresh the page is. */
export interface Freshness {
  readonly kind: 'off' | 'connecting' | 'live' | 'behind' | 'reconnecting';
  /** Since when the connection is gone. */
  readonly sinceMs?: number;
  readonly behindMs?: number;
}

/** The application's live connection. */
export interface Live {
  readonly freshness: ComputedRef<Freshness>;
  /** Opens the application's stream; again after signing in. */
  start(): void;
  stop(): void;
  /** Calls back for every event of the application's stream; gives a disposer. */
  onEvent(callback: (event: AppEvent) => void): () => void;
  /** Calls back when so much was missed that pages must read again. */
  onGap(callback: () => void): () => void;
  /** Follows a log of events of its own (one job's) with the same promises as the application's stream. */
  follow<D extends { events: { id: string } }, V extends AnyVariables>(
    document: TypedDocumentNode<D, V>,
    variablesAfter: (cursor: string) => V,
    listener: StreamListener<D['events']>,
    options: { signal: AbortSignal; after?: string; maxReplay?: number },
  ): Promise<void>;
  readonly feed: Feed;
}

export const liveKey: InjectionKey<Live> = Symbol('live');

/** The live connection of the application around this component. */
export function useLive(): Live {
  const live = inject(liveKey);
  if (live === undefined) throw new Error('useLive needs an application that provides liveKey.');
  return live;
}

const behindFromMs = 5000;
const caughtUpAfterMs = 2000;

/** `onSignedOut` is called when the server closes the stream because the session has ended. */
export function createLive(client: Client, feed: Feed, onSignedOut: () => void): Live {
  const state = reactive({ stream: undefined as StreamState | undefined, behindMs: 0 });
  const eventListeners = new Set<(event: AppEvent) => void>();
  const gapListeners = new Set<() => void>();
  let running: AbortController | undefined;
  let quietTimer: ReturnType<typeof setTimeout> | undefined;

  function noteLag(at: string): void {
    state.behindMs = Math.max(0, Date.now() - serverClock.skewMs - Date.parse(at));
    clearTimeout(quietTimer);
    quietTimer = setTimeout(() => {
      state.behindMs = 0;
    }, caughtUpAfterMs);
  }

  const follow: Live['follow'] = (document, variablesAfter, listener, options) =>
    followEvents(
      {
        head: () => headOf(client),
        run: (after, onEvent, signal, onStart) =>
          feed.run(document, variablesAfter(after), (data) => onEvent(data.events), signal, onStart),
        idOf: (event) => event.id,
      },
      listener,
      options,
    );

  return {
    feed,
    follow,
    freshness: computed(() => freshnessOf(state.stream, state.behindMs)),
    start() {
      running?.abort();
      running = new AbortController();
      void follow(
        AppEventsDocument,
        (after) => ({ after }),
        {
          onEvent: (event) => {
            noteLag(event.at);
            for (const listener of eventListeners) listener(event);
          },
          onGap: () => {
            for (const listener of gapListeners) listener();
          },
          onState: (next) => {
            state.stream = next;
            if (next.kind === 'signedOut') onSignedOut();
          },
        },
        { signal: running.signal },
      );
    },
    stop() {
      running?.abort();
      running = undefined;
      state.stream = undefined;
    },
    onEvent: (callback) => addTo(eventListeners, callback),
    onGap: (callback) => addTo(gapListeners, callback),
  };
}

async function headOf(client: Client): Promise<string> {
  try {
    return (await ask(client, EventCursorDocument, {})).eventCursor;
  } catch (error) {
    const failure = failureOf(error);
    throw failure.kind === 'signedOut' ? new SignedOutError(failure.message) : error;
  }
}

function freshnessOf(stream: StreamState | undefined, behindMs: number): Freshness {
  if (stream === undefined || stream.kind === 'signedOut') return { kind: 'off' };
  if (stream.kind === 'reconnecting') return { kind: 'reconnecting', sinceMs: stream.sinceMs };
  if (stream.kind === 'live' && behindMs >= behindFromMs) return { kind: 'behind', behindMs };
  return { kind: stream.kind };
}

function addTo<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => set.delete(item);
}

/** Calls back for every event while the calling component lives. */
export function onLiveEvent(live: Live, callback: (event: AppEvent) => void): void {
  onScopeDispose(live.onEvent(callback));
}
