import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import type { Log } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import {
  answerHeader,
  LocalResults,
  readResultsToken,
  Remembered,
  resultsPaths,
  resultsSecretMs,
  resultsSecretName,
} from '@autotest/core/node';
import { listen, stopListening, urlHost } from '@autotest/core/telemetry';
import { UsageError } from '../errors.ts';
import { answerFile } from './answer-file.ts';
import { answerList } from './answer-list.ts';
import { answerTail } from './answer-tail.ts';
import { BadQueryError } from './query.ts';
import { makeGate } from './gate.ts';

export interface ResultsServerOptions {
  /** 0 takes any that is free. */
  readonly port: number;
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** Under which API servers reach it, such as that of a proxy with TLS. @default host and port, or the name of this machine where it listens everywhere */
  readonly url?: string | undefined;
}

export interface ResultsServerParts {
  readonly database: Database;
  readonly dispatcherId: string;
  readonly resultsRoot: string;
  readonly log: Log;
}

export interface ResultsServer {
  /** Where API servers find it. Without a slash at its end. */
  readonly url: string;
  close(): Promise<void>;
}

const maxConnections = 1000;
/** A connection on which nothing moves for so long is closed; longer than the longest wait. */
const idleMs = 120_000;

/**
 * Serves the results on this machine to API servers elsewhere: read only, and only what a token opens. See results-protocol.ts for the requests.
 *
 * Nothing is kept between requests: killed at any point, it leaves readers that ask again from the offset that they have.
 *
 * @throws UsageError
 * @throws ListenError (`AT_LISTEN`)
 */
export async function startResultsServer(
  options: ResultsServerOptions,
  { database, dispatcherId, resultsRoot, log }: ResultsServerParts,
): Promise<ResultsServer> {
  const { host = '127.0.0.1' } = options;
  checkUrl(options.url);
  const secret = new Remembered(resultsSecretMs, () => database.secrets.get(resultsSecretName));
  const gate = makeGate({ database, dispatcherId, resultsRoot });
  const http = createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, (request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (error instanceof BadQueryError) return refuse(response, 400, error.message);
      // A reader that left is no fault of ours.
      if (!response.destroyed) log.warn('sending results failed', { error });
      if (response.headersSent) response.destroy();
      else refuse(response, 500, 'It failed.');
      return undefined;
    });
  });
  http.maxConnections = maxConnections;
  http.timeout = idleMs;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader(answerHeader, encodeURIComponent(dispatcherId));
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
    // Nothing is told to whoever has no token, not even what there would be.
    const claim = token && readResultsToken(await secret.get(), token, { dispatcherId, now: Date.now() });
    if (!claim) return refuse(response, 401, 'A token is needed.');
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'Ask with GET.');
    const directory = await gate(claim);
    if (directory === undefined) return refuse(response, 403, 'The results are not here.');
    const url = URL.parse(request.url ?? '', 'http://x');
    if (!url) throw new BadQueryError('The address cannot be read.');
    const { pathname, searchParams } = url;
    const results = new LocalResults(directory);
    if (pathname === resultsPaths.file) return answerFile(results, searchParams, request, response);
    if (pathname === resultsPaths.list) return answerList(results, searchParams, response);
    if (pathname === resultsPaths.tail) return answerTail(results, searchParams, response);
    throw new BadQueryError('There is nothing else.');
  }

  const port = await listen(http, host, options.port, '--results-port');
  http.on('error', (error) => log.error('the server of results failed', { error }));
  const url = (options.url ?? ownUrl(host, port)).replace(/\/+$/, '');
  log.info('results are served', { url, host, port });
  return { url, close: () => stopListening(http) };
}

function checkUrl(url: string | undefined): void {
  if (url !== undefined && !/^https?:\/\/[^/?#@]+(\/[^?#]*)?$/.test(url))
    throw new UsageError(`'${url}' for --results-url is no http:// or https:// address without query`);
}

function ownUrl(host: string, port: number): string {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  return `http://${isEverywhere ? hostname() : urlHost(host)}:${port}`;
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
}
