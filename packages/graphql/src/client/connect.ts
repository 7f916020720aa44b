import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { ConnectionClosedError } from './errors.ts';
import { post } from './http.ts';
import { openSocket, stream, type StreamOptions } from './stream.ts';

export interface ConnectOptions {
  /** Address of the server, such as `http://localhost:8080`. */
  readonly url: string;
  /** Secret of an API token. In a browser leave it out: the session's cookie is sent by itself. */
  readonly token?: string | undefined;
  /** Place in a trace (`TRACEPARENT`) of whoever asks: jobs that are submitted become part of that trace. */
  readonly traceParent?: string | undefined;
  /** @default globalThis.fetch */
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** Where a document's variables are all optional, they may be left out. */
export type VariablesOf<V> = Record<string, never> extends V ? [variables?: V] : [variables: V];

/** A server to ask. Opens nothing before it is asked. */
export interface Connection {
  /** Address of the server, without a slash at its end. */
  readonly url: string;
  /**
   * Runs a query or a mutation.
   *
   * @throws ApiError when the server refuses, ServerUnreachableError when none answers
   */
  request<D, V>(document: TypedDocumentNode<D, V>, ...variables: VariablesOf<V>): Promise<D>;
  /**
   * The messages of a subscription. Connects again by itself and goes on behind the last message: none is lost, none comes twice.
   *
   * @throws ApiError when the server refuses
   */
  subscribe<D extends object, V extends object>(
    document: TypedDocumentNode<D, V>,
    variables: V,
    options?: StreamOptions<D, V>,
  ): AsyncGenerator<D, void, undefined>;
  /** Ends all streams (with ConnectionClosedError) and the socket. */
  close(): Promise<void>;
}

/**
 * A server to ask.
 *
 * ```ts
 * const server = connect({ url: 'http://localhost:8080', token: process.env.AUTOTEST_TOKEN });
 * const { me } = await server.request(MeDocument);
 * ```
 */
export function connect(options: ConnectOptions): Connection {
  const url = options.url.replace(/\/+$/, '');
  const endpoint = {
    url: `${url}/graphql`,
    token: options.token,
    traceParent: options.traceParent,
    fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
  };
  const closing = new AbortController();
  const socket = openSocket(endpoint.url, options.token);
  return {
    url,
    async request(document, ...[variables]) {
      if (closing.signal.aborted) throw new ConnectionClosedError();
      return post(endpoint, document, variables, closing.signal);
    },
    subscribe: (document, variables, streamOptions = {}) =>
      stream(socket, document, variables, { ...streamOptions, closed: closing.signal, url }),
    async close() {
      closing.abort();
      await socket.dispose();
    },
  };
}
