import type { Server as HttpServer } from 'node:http';
import type { Log } from '@autotest/core';
import {
  getOperationAST,
  GraphQLError,
  parse,
  validate,
  type ExecutionArgs,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { Context, SubscribePayload } from 'graphql-ws';
import { useServer, type Extra } from 'graphql-ws/use/ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { secretOf } from '../auth/credentials.ts';
import { isOwnOrigin } from '../auth/origin.ts';
import type { Principal } from '../auth/principal.ts';
import type { ApiContext, Services } from '../context.ts';
import { checkLimits, limits } from '../limits/check-limits.ts';
import { createLoaders } from '../loaders.ts';
import type { LiveCounts } from '../telemetry/metrics.ts';
import { SocketMeter } from '../telemetry/socket-meter.ts';
import { faultFor } from './fault.ts';

/** Close codes beside those of the protocol. */
const closeCodes = { unauthorized: 4401, forbidden: 4403 } as const;
const maxMessageBytes = 1024 * 1024;
const maxOperations = 100;
/** How often the tokens of open connections are looked at, for what other processes revoke. */
const recheckMs = 5000;

type Connection = Context<Record<string, unknown> | undefined, Extra>;

export interface GraphQLSocket {
  readonly counts: Pick<LiveCounts, 'connections' | 'subscriptions'>;
  close(): Promise<void>;
}

/**
 * GraphQL over WebSocket (`graphql-transport-ws`). A connection belongs to whom its token in `connection_init`, or its cookie,
 * belongs to; it is closed with 4401 when that token expires or is revoked.
 */
export function serveGraphQLSocket(options: {
  readonly http: HttpServer;
  readonly path: string;
  readonly services: Services;
  readonly schema: GraphQLSchema;
  readonly cookie: string;
  readonly publicUrl: string | undefined;
}): GraphQLSocket {
  const { http, path, services, schema, cookie, publicUrl } = options;
  const { log, authenticator } = services;
  const meter = new SocketMeter(services.metrics);
  const sessions = new Sessions(log, (principal) => authenticator.refresh(principal));
  const stopListening = authenticator.onRevoked((tokenId) => sessions.closeToken(tokenId));
  const webSockets = new WebSocketServer({ server: http, path, maxPayload: maxMessageBytes });
  const served = useServer(
    {
      schema,
      async onConnect(connection) {
        const { socket, request } = connection.extra;
        // Before anything is waited for: it may close meanwhile.
        meter.opened(connection);
        if (!isOwnOrigin(request.headers, publicUrl)) return false;
        const secret = connection.connectionParams?.token ?? secretOf(request.headers, cookie);
        const principal = await authenticator.authenticate(secret);
        if (principal) sessions.add(socket, principal);
        else socket.close(closeCodes.unauthorized, 'Unauthorized');
        return principal !== undefined;
      },
      onClose: (connection) => {
        meter.closed(connection);
        sessions.remove(connection.extra.socket);
      },
      onSubscribe: (connection, id, payload) => prepare(connection, id, payload),
      onError: (_connection, _id, _payload, errors) => {
        const faults = errors.map((error) => faultFor(log, error.toJSON(), error));
        meter.refused(faults);
        return faults;
      },
      onNext: (_connection, _id, _payload, args, { errors, ...result }) => {
        const faults = errors && { errors: errors.map((error) => faultFor(log, error.toJSON(), error)) };
        const answer = { ...result, ...faults };
        meter.answered(args, answer);
        return answer;
      },
      isProd: true,
    },
    webSockets,
  );
  // Without a listener an error of one connection would end the process.
  webSockets.on('error', (error) => log.warn('A WebSocket failed.', { error }));

  function prepare(connection: Connection, id: string, payload: SubscribePayload): ExecutionArgs | GraphQLError[] {
    const principal = sessions.principalOf(connection.extra.socket);
    if (principal === undefined) return [fault('UNAUTHENTICATED', 'Your session has ended.')];
    if (Object.keys(connection.subscriptions).filter((other) => other !== id).length >= maxOperations)
      return [fault('AT_QUERY_TOO_LARGE', `This connection has ${maxOperations} operations already.`)];
    const contextValue: ApiContext = { services, principal, loaders: createLoaders(services.database) };
    return read(schema, payload, contextValue, (operation) => meter.started(contextValue, operation));
  }

  return {
    counts: meter.counts,
    async close() {
      stopListening();
      sessions.close();
      await served.dispose();
      webSockets.close();
    },
  };
}

function read(
  schema: GraphQLSchema,
  { query, variables, operationName }: SubscribePayload,
  contextValue: ApiContext,
  onTaken: (operation: OperationDefinitionNode) => void,
): ExecutionArgs | GraphQLError[] {
  try {
    const document = parse(query, { maxTokens: limits.maxTokens });
    const errors = validate(schema, document);
    if (errors.length > 0) return [...errors];
    checkLimits(schema, document, operationName, variables ?? {});
    const operation = getOperationAST(document, operationName);
    if (!operation) return [fault('BAD_REQUEST', 'Name the operation to run.')];
    onTaken(operation);
    return { schema, document, contextValue, variableValues: variables, operationName };
  } catch (error) {
    if (error instanceof GraphQLError) return [error];
    return [
      new GraphQLError(error instanceof Error ? error.message : 'Bad request.', { originalError: asError(error) }),
    ];
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function fault(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code } });
}

/** Who open connections belong to. */
class Sessions {
  readonly #principals = new Map<WebSocket, Principal>();
  readonly #log: Log;
  readonly #refresh: (principal: Principal) => Promise<Principal | undefined>;
  readonly #timer: NodeJS.Timeout;

  constructor(log: Log, refresh: (principal: Principal) => Promise<Principal | undefined>) {
    this.#log = log;
    this.#refresh = refresh;
    this.#timer = setInterval(() => void this.#recheck(), recheckMs);
    this.#timer.unref();
  }

  add(socket: WebSocket, principal: Principal): void {
    this.#principals.set(socket, principal);
  }

  remove(socket: WebSocket): void {
    this.#principals.delete(socket);
  }

  principalOf(socket: WebSocket): Principal | undefined {
    const principal = this.#principals.get(socket);
    if (principal === undefined || !isExpired(principal)) return principal;
    this.#end(socket);
    return undefined;
  }

  closeToken(tokenId: number): void {
    for (const [socket, { token }] of this.#principals) if (token.id === tokenId) this.#end(socket);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** One question per token, however many connections it has. */
  async #recheck(): Promise<void> {
    const tokens = new Map([...this.#principals.values()].map((principal) => [principal.token.id, principal]));
    for (const [tokenId, principal] of tokens) {
      try {
        const current = await this.#refresh(principal);
        if (current === undefined) this.closeToken(tokenId);
        else this.#renew(current);
      } catch (error) {
        this.#log.warn('Checking the token of a connection failed; it is tried again.', { error });
      }
    }
  }

  /** Somebody's role may have changed. */
  #renew(current: Principal): void {
    for (const [socket, { token }] of this.#principals)
      if (token.id === current.token.id) this.#principals.set(socket, current);
  }

  #end(socket: WebSocket): void {
    this.#principals.delete(socket);
    socket.close(closeCodes.unauthorized, 'Unauthorized');
  }
}

function isExpired({ token }: Principal): boolean {
  return token.expiresAt !== undefined && token.expiresAt <= Date.now();
}
