/**
 * What a daemon tells its operators: log, metrics, health, spans. Node only; for dispatchers and servers, never for autoserv or the client.
 *
 * ```ts
 * import { HealthChecks, createMetrics, createServerLog, startHealthServer } from '@autotest/core/telemetry';
 *
 * const log = createServerLog({ program: 'my-daemon', format: 'json' });
 * const metrics = createMetrics({ process: true });
 * const checks = new HealthChecks();
 * const server = await startHealthServer({ port: 9464, checks, metrics, log });
 * checks.health.report('start', { ok: true });
 * ```
 *
 * @module
 */
export { createServerLog, type ServerLogOptions } from './server-log.ts';
export { redact, redactText } from './redact.ts';
export {
  createMetrics,
  longSeconds,
  shortSeconds,
  type Counter,
  type Gauge,
  type Histogram,
  type LabelValues,
  type MetricOptions,
  type Metrics,
  type MetricsOptions,
} from './metrics.ts';
export { Health, type Damage, type PartHealth } from './health.ts';
export { HealthChecks, type CheckResult, type HealthCheck, type HealthReport } from './health-checks.ts';
export { exposeHealth } from './health-metrics.ts';
export { healthStatus, startHealthServer, type HealthServer, type HealthServerOptions } from './health-server.ts';
export { listen, stopListening, urlHost } from './listen.ts';
export { ListenError } from './errors.ts';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './start-telemetry.ts';
export { startTracing, type LiveSpan, type PastSpan, type SpanAttributes, type Tracing } from './tracing.ts';
