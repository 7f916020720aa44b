import { longSeconds, shortSeconds, type Metrics } from '@autotest/core/telemetry';

export type OperationType = 'query' | 'mutation' | 'subscription';

/** `refused`: the fault of who asked · `failed`: ours. */
export type OperationResult = 'ok' | 'refused' | 'failed';

/** Numbers that only this server knows at the moment when somebody looks. */
export interface LiveCounts {
  readonly connections: () => number;
  readonly subscriptions: () => number;
  readonly eventReaders: () => number;
}

/** What an API server counts. The names are a contract with the dashboards of others: docs/guides/operating.md lists them. */
export interface ApiMetrics {
  /** A GraphQL operation has an answer; of a subscription: it was taken or not. */
  operation(type: OperationType, name: string, result: OperationResult, durationMs: number): void;
  /** A message of a subscription went out. */
  message(subscription: string): void;
  /** A request over HTTP has an answer. */
  request(route: string, status: number, durationMs: number): void;
  /** A job was submitted. @param result `accepted`, `repeated` or the code of the refusal */
  submission(result: string): void;
  /** An event was handed to its readers. */
  event(delayMs: number): void;
  watch(counts: LiveCounts): void;
}

export function createApiMetrics(metrics: Metrics): ApiMetrics {
  const operations = metrics.counter<'type' | 'operation' | 'result'>({
    name: 'autotest_api_operations_total',
    help: 'GraphQL operations by type, field of the schema and result (ok, refused: fault of the request, failed: fault of the server).',
    labels: ['type', 'operation', 'result'],
  });
  const operationSeconds = metrics.histogram<'type' | 'operation'>({
    name: 'autotest_api_operation_duration_seconds',
    help: 'Time to answer GraphQL queries and mutations.',
    labels: ['type', 'operation'],
    buckets: shortSeconds,
  });
  const messages = metrics.counter<'subscription'>({
    name: 'autotest_api_messages_total',
    help: 'Messages that subscriptions sent.',
    labels: ['subscription'],
  });
  const requests = metrics.counter<'route' | 'status'>({
    name: 'autotest_http_requests_total',
    help: 'Requests over HTTP by route and status.',
    labels: ['route', 'status'],
  });
  const requestSeconds = metrics.histogram<'route'>({
    name: 'autotest_http_request_duration_seconds',
    help: 'Time until a request over HTTP was answered to its last byte.',
    labels: ['route'],
    buckets: longSeconds,
  });
  const submissions = metrics.counter<'result'>({
    name: 'autotest_jobs_submitted_total',
    help: 'Submissions of jobs by result: accepted, repeated (the same requestId again), or the code of the refusal.',
    labels: ['result'],
  });
  const eventSeconds = metrics.histogram({
    name: 'autotest_api_event_delay_seconds',
    help: 'Time from a change in the database until its event was handed to the subscriptions.',
    buckets: shortSeconds,
  });
  return {
    operation(type, operation, result, durationMs) {
      operations.add(1, { type, operation, result });
      if (type !== 'subscription') operationSeconds.observe(durationMs / 1000, { type, operation });
    },
    message: (subscription) => messages.add(1, { subscription }),
    request(route, status, durationMs) {
      requests.add(1, { route, status });
      requestSeconds.observe(durationMs / 1000, { route });
    },
    submission: (result) => submissions.add(1, { result }),
    event: (delayMs) => eventSeconds.observe(Math.max(0, delayMs) / 1000),
    watch: ({ connections, subscriptions, eventReaders }) => {
      metrics.gauge({
        name: 'autotest_api_connections',
        help: 'Open WebSocket connections.',
        read: (gauge) => gauge.set(connections()),
      });
      metrics.gauge({
        name: 'autotest_api_live_operations',
        help: 'Operations that run on WebSocket connections, nearly all of them subscriptions.',
        read: (gauge) => gauge.set(subscriptions()),
      });
      metrics.gauge({
        name: 'autotest_api_event_readers',
        help: 'Subscriptions that follow the log of events.',
        read: (gauge) => gauge.set(eventReaders()),
      });
    },
  };
}
