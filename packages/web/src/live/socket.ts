import { CloseCode, createClient, type Client } from 'graphql-ws';
import { stringifyDocument, type AnyVariables, type TypedDocumentNode } from '@urql/core';

/** One subscription until it ends. */
export interface Feed {
  /**
   * Calls `onData` for each message until the server completes (resolves), the connection breaks or the server refuses (rejects),
   * or `signal` is aborted (resolves). Does not reconnect: the caller knows where to go on.
   */
  run<D, V extends AnyVariables>(
    document: TypedDocumentNode<D, V>,
    variables: V,
    onData: (data: D) => void,
    signal: AbortSignal,
    onStart?: () => void,
  ): Promise<void>;
  dispose(): void;
}

const pingEveryMs = 10_000;
const pongWithinMs = 8_000;
const signedOutCodes: ReadonlySet<number> = new Set([CloseCode.Forbidden, CloseCode.Unauthorized]);

/** Thrown into a subscription whose session has ended. */
export class SignedOutError extends Error {
  override readonly name = 'SignedOutError';
}

/** Thrown into a subscription that the server refuses: trying again does not help. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** One WebSocket, opened when first needed and shared by all subscriptions of the page. */
export function createSocketFeed(url: string): Feed {
  const { client, isConnected } = createWatchedClient(url);
  return {
    run: (document, variables, onData, signal, onStart) =>
      new Promise<void>((resolve, reject) => {
        const offConnected = onStart === undefined ? undefined : client.on('connected', onStart);
        const unsubscribe = client.subscribe<ReturnType<typeof JSON.parse>>(
          { query: stringifyDocument(document), variables: { ...variables } },
          {
            next: (message) => {
              if (message.errors !== undefined && message.errors.length > 0) {
                settle(() => reject(refusedBy(message.errors)));
                return;
              }
              if (message.data !== undefined && message.data !== null) onData(message.data);
            },
            error: (error) => settle(() => reject(asError(error))),
            complete: () => settle(resolve),
          },
        );
        if (isConnected()) onStart?.();
        const stop = (): void => settle(resolve);
        signal.addEventListener('abort', stop, { once: true });
        if (signal.aborted) stop();

        function settle(then: () => void): void {
          signal.removeEventListener('abort', stop);
          offConnected?.();
          unsubscribe();
          then();
        }
      }),
    dispose: () => void client.dispose(),
  };
}

function createWatchedClient(url: string): { client: Client; isConnected: () => boolean } {
  let connected = false;
  let socket: WebSocket | undefined;
  let pongTimer: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url,
    lazy: true,
    retryAttempts: 0,
    keepAlive: pingEveryMs,
    on: {
      opened: (opened) => {
        if (opened instanceof WebSocket) socket = opened;
      },
      // A connection that died without a word (sleep, NAT) is only found out by a missing pong.
      ping: (received) => {
        if (received) return;
        pongTimer = setTimeout(() => socket?.close(CloseCode.ConnectionInitialisationTimeout, 'no pong'), pongWithinMs);
      },
      pong: (received) => {
        if (received) clearTimeout(pongTimer);
      },
      connected: () => {
        connected = true;
      },
      closed: () => {
        connected = false;
        clearTimeout(pongTimer);
      },
    },
  });
  return { client, isConnected: () => connected };
}

function asError(error: unknown): Error {
  if (isCloseEvent(error)) {
    return signedOutCodes.has(error.code)
      ? new SignedOutError('You are signed out.')
      : new Error('The connection was closed.');
  }
  if (error instanceof Error) return error;
  return Array.isArray(error) ? refusedBy(error) : new Error('The connection broke.');
}

function refusedBy(errors: unknown): Error {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const { message, extensions } = (first ?? {}) as { message?: unknown; extensions?: { code?: unknown } };
  if (extensions?.code === 'UNAUTHENTICATED') return new SignedOutError('You are signed out.');
  return new RefusedError(typeof message === 'string' ? message : 'The server refused the subscription.');
}

function isCloseEvent(error: unknown): error is { code: number } {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'number';
}
