import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import { parseTraceParent, type Log } from '@autotest/core';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import type { GraphQLSchema } from 'graphql';
import { secretOf, sessionCookie } from '../auth/credentials.ts';
import type { Principal } from '../auth/principal.ts';
import { sessionMs } from '../auth/tokens.ts';
import type { ApiContext, Services } from '../context.ts';
import { UnauthenticatedError } from '../errors.ts';
import { checkLimits, limits } from '../limits/check-limits.ts';
import { createLoaders } from '../loaders.ts';
import { telemetryPlugin } from '../telemetry/apollo-plugin.ts';
import { faultFor } from './fault.ts';
import { isLogin } from './login-gate.ts';

/** A bundle of 16 MiB, whose quotes and line ends are escaped. */
const maxBodyBytes = 40 * 1024 * 1024;
const maxAnonymousBodyBytes = 4096;

export interface GraphQLHttp {
  readonly handlers: readonly (RequestHandler | ErrorRequestHandler)[];
  close(): Promise<void>;
}

/** GraphQL over HTTP. Who asks is found out before the body is read; without a session nothing but a login is looked at. */
export async function createGraphQLHttp(
  services: Services,
  schema: GraphQLSchema,
  cookie: string,
): Promise<GraphQLHttp> {
  const { log } = services;
  const apollo = new ApolloServer<ApiContext>({
    schema,
    introspection: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    includeStacktraceInErrorResponses: false,
    parseOptions: { maxTokens: limits.maxTokens },
    formatError: (formatted, error) => faultFor(log, formatted, error),
    logger: apolloLogger(log),
    nodeEnv: 'production',
    plugins: [telemetryPlugin(services), limitsPlugin(schema)],
  });
  await apollo.start();
  const principals = new WeakMap<Request, Principal>();

  const authenticate: RequestHandler = async (request, _response, next) => {
    const principal = await services.authenticator.authenticate(secretOf(request.headers, cookie));
    if (principal) principals.set(request, principal);
    next();
  };
  const small = express.json({ limit: maxAnonymousBodyBytes });
  const large = express.json({ limit: maxBodyBytes });
  const readBody: RequestHandler = (request, response, next) =>
    (principals.has(request) ? large : small)(request, response, next);
  const gate: RequestHandler = (request, response, next) => {
    if (principals.has(request) || isLogin(request.body)) next();
    else refuse(response, 401, new UnauthenticatedError());
  };
  const apolloHandler = expressMiddleware(apollo, {
    context: async ({ req, res }): Promise<ApiContext> => ({
      services,
      principal: principals.get(req),
      loaders: createLoaders(services.database),
      traceParent: parseTraceParent(req.get('traceparent')),
      setSession: (secret) => {
        const secure = services.publicUrl().startsWith('https:');
        const maxAgeMs = secret === undefined ? 0 : sessionMs;
        res.append('Set-Cookie', sessionCookie(cookie, secret ?? '', { secure, maxAgeMs }));
      },
    }),
  });
  return {
    handlers: [onlyPost, authenticate, readBody, gate, apolloHandler, bodyFault(log)],
    close: () => apollo.stop(),
  };
}

const onlyPost: RequestHandler = (request, response, next) => {
  if (request.method === 'POST') {
    next();
    return;
  }
  response.setHeader('Allow', 'POST');
  refuse(response, 405, { code: 'BAD_REQUEST', message: 'GraphQL is asked with POST.' });
};

function refuse(response: Response, status: number, { code, message }: { code: string; message: string }): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  response.status(status).json({ errors: [{ message, extensions: { code } }] });
}

/** Bodies that are too large or no JSON. */
function bodyFault(log: Log): ErrorRequestHandler {
  // oxlint-disable-next-line max-params -- express knows error handlers by their four parameters
  return (error: unknown, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const status = statusOf(error);
    if (status === undefined) {
      log.error('A request failed.', { error });
      refuse(response, 500, { code: 'INTERNAL_SERVER_ERROR', message: 'The server failed to answer.' });
      return;
    }
    const message = status === 413 ? 'The request is too large.' : 'The body of the request is no JSON.';
    refuse(response, status, { code: 'BAD_REQUEST', message });
  };
}

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('status' in error)) return undefined;
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500 ? error.status : undefined;
}

function limitsPlugin(schema: GraphQLSchema): ApolloServerPlugin<ApiContext> {
  return {
    requestDidStart: () =>
      Promise.resolve({
        didResolveOperation: async ({ document, operationName, request }) =>
          checkLimits(schema, document, operationName, request.variables ?? {}),
      }),
  };
}

function apolloLogger(log: Log): ConstructorParameters<typeof ApolloServer>[0]['logger'] {
  return {
    debug: (message: unknown) => log.debug(String(message)),
    info: (message: unknown) => log.debug(String(message)),
    warn: (message: unknown) => log.warn(String(message)),
    error: (message: unknown) => log.error(String(message)),
  };
}
