import { createServer } from 'node:http';
import { silentLog, type Log } from '@autotest/core';
import type { Database, UserRow } from '@autotest/core/db';
import {
  createMetrics,
  HealthChecks,
  listen,
  stopListening,
  urlHost,
  type Metrics,
  type Tracing,
} from '@autotest/core/telemetry';
import express, { type ErrorRequestHandler } from 'express';
import { Authenticator } from '../auth/authenticator.ts';
import { cookieName } from '../auth/credentials.ts';
import type { Services } from '../context.ts';
import { NoSuchUserError } from '../errors.ts';
import { EventFeed } from '../events/event-feed.ts';
import { ResultsSources } from '../files/results-sources.ts';
import { buildApiSchema } from '../schema/build-schema.ts';
import { countRequests } from '../telemetry/http-metrics.ts';
import { createApiMetrics } from '../telemetry/metrics.ts';
import { loginLink } from '../users/login-link.ts';
import { createGraphQLHttp } from './graphql-http.ts';
import { serveGraphQLSocket } from './graphql-socket.ts';
import { securityHeaders } from './headers.ts';
import { addServerChecks, serveHealth } from './health-routes.ts';
import { serveResultsFiles } from './results-files.ts';
import { readVersion } from './version.ts';
import { serveWeb } from './web.ts';

export interface ServerOptions {
  readonly database: Database;
  /** Directory of results and bundles; `/readyz` fails while it cannot be reached. */
  readonly dataDir: string;
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 takes any that is free. @default 8080 */
  readonly port?: number | undefined;
  /** Directory of the built web interface. */
  readonly webRoot?: string | undefined;
  /** @default silentLog */
  readonly log?: Log | undefined;
  /** Address under which people reach the server, where it is not host and port. */
  readonly publicUrl?: string | undefined;
  /** Where it counts, together with the other parts of the process. @default a registry of its own */
  readonly metrics?: Metrics | undefined;
  /** Of the process; the server adds its own while it runs. @default only its own */
  readonly checks?: HealthChecks | undefined;
  /** Takes spans of what is asked. @default none are made */
  readonly tracing?: Tracing | undefined;
}

/** A running server. */
export interface Server {
  /** Address of this process, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  /**
   * A link that signs a browser in, once, within 15 minutes; by default as the first administrator.
   *
   * @throws NoSuchUserError
   */
  createLoginLink(login?: string): Promise<string>;
  /**
   * Secret of a new API token, by default of the first administrator; revoked when the server closes.
   *
   * @throws NoSuchUserError
   */
  createApiToken(name: string, login?: string): Promise<string>;
  /** Ends all connections and stops listening. The database stays open. */
  close(): Promise<void>;
}

const graphqlPath = '/graphql';

/**
 * Serves the GraphQL API, results files and the web interface.
 *
 * @throws ListenError (`AT_LISTEN`)
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { database, dataDir, host = '127.0.0.1', log = silentLog } = options;
  const { metrics = createMetrics(), checks = new HealthChecks() } = options;
  const publicUrl = options.publicUrl?.replace(/\/+$/, '');
  const schema = buildApiSchema();
  const app = express();
  const ready = Promise.withResolvers<void>();
  // Requests that come while the rest is made ready wait for it.
  const http = createServer((request, response) => void ready.promise.then(() => app(request, response)));
  const port = await listen(http, host, options.port ?? 8080);
  const url = `http://${urlHost(host)}:${port}`;
  const closing = new AbortController();
  const authenticator = new Authenticator(database);
  const apiMetrics = createApiMetrics(metrics);
  const feed = new EventFeed(database, { log, onEvent: ({ t }) => apiMetrics.event(Date.now() - t) });
  const results = new ResultsSources(database, dataDir);
  const services: Services = {
    database,
    authenticator,
    feed,
    results,
    log,
    metrics: apiMetrics,
    tracing: options.tracing,
    version: readVersion(),
    publicUrl: () => publicUrl ?? url,
    closing: closing.signal,
  };
  const cookie = cookieName(port);
  const graphql = await createGraphQLHttp(services, schema, cookie);
  const socket = serveGraphQLSocket({ http, path: graphqlPath, services, schema, cookie, publicUrl });
  apiMetrics.watch({ ...socket.counts, eventReaders: () => feed.size });

  app.disable('x-powered-by');
  app.disable('etag');
  app.use(countRequests(apiMetrics), securityHeaders);
  const removeChecks = addServerChecks(checks, database, dataDir);
  serveHealth(app, { checks, metrics, authenticator, cookie, version: services.version });
  app.use(graphqlPath, ...graphql.handlers);
  app.get('/results/:executionId/*path', serveResultsFiles({ database, authenticator, cookie, results, log }));
  app.use(...serveWeb(options.webRoot));
  app.use(lastResort(log));
  http.on('error', (error) => log.error('The HTTP server failed.', { error }));
  ready.resolve();

  const ownTokens: number[] = [];
  return {
    url,
    port,
    async createLoginLink(login) {
      return loginLink(authenticator, services.publicUrl(), await findUser(database, login));
    },
    async createApiToken(name, login) {
      const { secret, token } = await authenticator.makeToken(await findUser(database, login), 'api', name);
      ownTokens.push(token.id);
      return secret;
    },
    async close() {
      removeChecks();
      // Connections first: a stream that only ended would look to its client as if there were no more.
      await socket.close();
      closing.abort();
      await feed.close();
      for (const tokenId of ownTokens) await authenticator.revoke(tokenId);
      await graphql.close();
      await stopListening(http);
    },
  };
}

async function findUser(database: Database, login: string | undefined): Promise<UserRow> {
  const user =
    login === undefined ? (await database.users.list({ role: 'admin' }))[0] : await database.users.byLogin(login);
  if (user === undefined) throw new NoSuchUserError(login);
  return user;
}

function lastResort(log: Log): ErrorRequestHandler {
  // oxlint-disable-next-line max-params -- express knows error handlers by their four parameters
  return (error: unknown, request, response, _next) => {
    const isBad = error instanceof URIError;
    if (!isBad) log.error('A request failed.', { method: request.method, path: request.path, error });
    if (response.headersSent) response.destroy();
    else
      response
        .status(isBad ? 400 : 500)
        .type('txt')
        .send(isBad ? 'Bad address.\n' : 'The server failed to answer.\n');
  };
}
