import type { RequestHandler } from 'express';
import type { ApiMetrics } from './metrics.ts';

const routes: ReadonlySet<string> = new Set(['graphql', 'results', 'healthz', 'readyz', 'metrics']);

/** Counts requests and measures how long they take. */
export function countRequests(metrics: ApiMetrics): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const [, first = ''] = request.path.split('/');
    const route = routes.has(first) ? `/${first}` : 'web';
    response.once('close', () => {
      // nginx's number for a client that did not wait.
      const status = response.writableFinished ? response.statusCode : 499;
      metrics.request(route, status, performance.now() - startedAt);
    });
    next();
  };
}
