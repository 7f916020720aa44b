import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { messageOf, sleep } from '@autotest/core';
import { print } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import { ApiError, ConnectionClosedError, ServerUnreachableError, apiErrorOf, isFaults } from './errors.ts';

/** How a stream goes on after the connection broke. */
export interface StreamOptions<D, V> {
  readonly signal?: AbortSignal | undefined;
  /** Variables that continue behind this message. @default `after` of events, `offset` of logs */
  readonly resume?: ((data: D, variables: V) => V) | undefined;
  /** Called when the connection broke, with the number of the attempt that follows. */
  readonly onReconnect?: ((attempt: number, reason: string) => void) | undefined;
}

const pingEveryMs = 10_000;
const pongWithinMs = 10_000;
const longestWaitMs = 5000;

/** One WebSocket for all streams, opened when first needed. */
export function openSocket(url: string, token: string | undefined): Client {
  let closeSocket: (() => void) | undefined;
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  return createClient({
    url: url.replace(/^http/, 'ws'),
    lazy: true,
    retryAttempts: 0,
    keepAlive: pingEveryMs,
    ...(token !== undefined && { connectionParams: { token } }),
    on: {
      opened: (opened) => {
        closeSocket = () => {
          if (isSocket(opened)) opened.close(4499, 'no pong');
        };
      },
      // A connection that died without a word is only found out by a missing pong.
      ping: (received) => {
        if (received) return;
        clearTimeout(pongTimer);
        pongTimer = setTimeout(() => closeSocket?.(), pongWithinMs);
      },
      pong: () => clearTimeout(pongTimer),
      closed: () => clearTimeout(pongTimer),
    },
  });
}

/**
 * The messages of a subscription, until the server ends it, `signal` is aborted or the loop is left. Connects again when the connection breaks
 * and goes on behind the last message.
 *
 * @throws ApiError when the server refuses; ConnectionClosedError
 */
export async function* stream<D extends object, V extends object>(
  socket: Client,
  document: TypedDocumentNode<D, V>,
  variables: V,
  options: StreamOptions<D, V> & { closed: AbortSignal; url: string },
): AsyncGenerator<D, void, undefined> {
  const { resume = resumeBehind, closed, url } = options;
  const signal = options.signal === undefined ? closed : AbortSignal.any([options.signal, closed]);
  const query = print(document);
  let current = variables;
  for (let attempt = 0; ; attempt += 1) {
    if (closed.aborted) throw new ConnectionClosedError();
    if (signal.aborted) return;
    const messages = socket.iterate<D>({ query, variables: Object.fromEntries(Object.entries(current)) });
    const stop = (): void => void messages.return?.();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const { data, errors } of messages) {
        if (isFaults(errors)) throw apiErrorOf(errors);
        if (data === undefined || data === null) continue;
        attempt = 0;
        current = resume(data, current);
        yield data;
      }
      if (closed.aborted) throw new ConnectionClosedError();
      return;
    } catch (error) {
      const reason = brokenBecause(error);
      if (signal.aborted && !closed.aborted) return;
      options.onReconnect?.(attempt + 1, reason ?? new ServerUnreachableError(url, 'closed').message);
    } finally {
      signal.removeEventListener('abort', stop);
    }
    await sleep(waitMs(attempt), { signal }).catch(() => undefined);
  }
}

/** Why the connection broke. Throws what does not get better by trying again. */
function brokenBecause(error: unknown): string {
  if (error instanceof ApiError || error instanceof ConnectionClosedError) throw error;
  if (isFaults(error)) throw apiErrorOf(error);
  if (typeof error !== 'object' || error === null || !('code' in error) || typeof error.code !== 'number')
    return messageOf(error);
  if (error.code === 4401) throw new ApiError('UNAUTHENTICATED', 'You are not signed in, or your session has ended.');
  if (error.code === 4403) throw new ApiError('FORBIDDEN', 'The server refused the connection.');
  return `the connection was closed with code ${error.code}`;
}

/** The first try again comes at once; then after 0.25 s, 0.5 s … 5 s, with some scatter. */
function waitMs(attempt: number): number {
  if (attempt === 0) return 50 + Math.random() * 100;
  return Math.min(longestWaitMs, 250 * 2 ** (attempt - 1)) * (0.75 + Math.random() * 0.5);
}

/** Works for the subscriptions of this API. */
function resumeBehind<V extends object>(data: object, variables: V): V {
  if ('events' in data && hasText(data.events, 'id')) return { ...variables, after: data.events.id };
  if ('logTail' in data && hasNumber(data.logTail, 'nextOffset'))
    return { ...variables, offset: data.logTail.nextOffset };
  return variables;
}

function hasText<K extends string>(value: unknown, key: K): value is Record<K, string> {
  return typeof value === 'object' && value !== null && key in value && typeof Reflect.get(value, key) === 'string';
}

function hasNumber<K extends string>(value: unknown, key: K): value is Record<K, number> {
  return typeof value === 'object' && value !== null && key in value && typeof Reflect.get(value, key) === 'number';
}

function isSocket(value: unknown): value is { close(code: number, reason: string): void } {
  return typeof value === 'object' && value !== null && 'close' in value && typeof value.close === 'function';
}
