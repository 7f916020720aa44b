import { createServer, type ServerResponse } from 'node:http';
import { silentLog, type Log } from '../log.ts';
import { messageOf } from '../errors/autotest-error.ts';
import type { HealthChecks, HealthReport } from './health-checks.ts';
import { listen, stopListening, urlHost } from './listen.ts';
import type { Metrics } from './metrics.ts';
import { redact } from './redact.ts';

export interface HealthServerOptions {
  /** Everybody who reaches it may read: keep it on loopback or in the network of the operators. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly checks: HealthChecks;
  readonly metrics: Metrics;
  /** @default silentLog */
  readonly log?: Log | undefined;
}

export interface HealthServer {
  /** Without a slash at its end. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/healthz`, `/readyz` and `/metrics` of a process, for everybody who reaches it.
 *
 * @throws ListenError (`AT_LISTEN`)
 */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const { host = '127.0.0.1', checks, metrics, log = silentLog } = options;
  const http = createServer((request, response) => {
    answer(request.method ?? '', new URL(request.url ?? '/', 'http://x').pathname, response).catch((error: unknown) => {
      log.error('a question for health or metrics failed', { path: request.url, error });
      send(response, 500, 'text/plain', `${messageOf(error)}\n`);
    });
  });

  async function answer(method: string, path: string, response: ServerResponse): Promise<void> {
    if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'text/plain', 'Ask with GET.\n');
    if (path === '/metrics') return send(response, 200, metrics.contentType, await metrics.text());
    if (path === '/healthz') return sendHealth(response, checks.live());
    if (path === '/readyz') return sendHealth(response, await checks.ready());
    return send(response, 404, 'text/plain', 'There are /healthz, /readyz and /metrics.\n');
  }

  const port = await listen(http, host, options.port, '--metrics-port');
  http.on('error', (error) => log.error('The server of health and metrics failed.', { error }));
  return { url: `http://${urlHost(host)}:${port}`, port, close: () => stopListening(http) };
}

function sendHealth(response: ServerResponse, report: HealthReport): void {
  send(response, healthStatus(report), 'application/json', `${JSON.stringify(redact(report), undefined, 2)}\n`);
}

/** HTTP status of a report. */
export function healthStatus({ status }: HealthReport): 200 | 503 {
  return status === 'failing' ? 503 : 200;
}

// oxlint-disable-next-line max-params -- what makes up an answer
function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' });
  response.end(body);
}
