import type { Log } from '../log.ts';
import { HealthChecks } from './health-checks.ts';
import { exposeHealth } from './health-metrics.ts';
import { startHealthServer, type HealthServer } from './health-server.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { startTracing, type Tracing } from './tracing.ts';

export interface TelemetryOptions {
  /** Name of the program in traces, unless `OTEL_SERVICE_NAME` gives another. */
  readonly service: string;
  readonly log: Log;
  /** Where to serve `/metrics`, `/healthz` and `/readyz`; undefined: nowhere. 0 takes any that is free. */
  readonly port?: number | undefined;
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
}

/** What a daemon tells of itself, from its first moment to its last. */
export interface Telemetry {
  readonly metrics: Metrics;
  readonly checks: HealthChecks;
  readonly tracing: Tracing | undefined;
  readonly server: HealthServer | undefined;
  /** From now on it is ready when its checks say so. */
  started(): void;
  /** From now on it is not ready. */
  stopping(): void;
  /** Sends what is left and stops to serve. */
  close(): Promise<void>;
}

/** @throws ListenError (`AT_LISTEN`) */
export async function startTelemetry({ service, log, port, host }: TelemetryOptions): Promise<Telemetry> {
  const metrics = createMetrics({ process: true });
  const checks = new HealthChecks();
  exposeHealth(metrics, checks.health);
  checks.health.report('process', { ok: false, message: 'It is starting.' });
  const tracing = await startTracing({ service, log });
  const server = port === undefined ? undefined : await startHealthServer({ host, port, checks, metrics, log });
  if (server) log.info('metrics and health are served', { url: server.url });
  return {
    metrics,
    checks,
    tracing,
    server,
    started: () => checks.health.report('process', { ok: true }),
    stopping: () => checks.health.report('process', { ok: false, message: 'It is stopping.' }),
    async close() {
      await tracing?.close();
      await server?.close();
    },
  };
}
