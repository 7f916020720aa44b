import type { Log } from '../log.ts';
import type { TraceContext } from '../execution/trace-context.ts';

/** Facts of a span. Undefined ones are left out. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A span that is over, with ids that were known before: see `executionTrace` of `@autotest/core/node`. */
export interface PastSpan extends TraceContext {
  /** Absent: it is the first of its trace. */
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes?: SpanAttributes;
  /** Why what it tells of did not end well. */
  readonly error?: string | undefined;
}

/** A span that runs. */
export interface LiveSpan extends TraceContext {
  set(attributes: SpanAttributes): void;
  /** @param error why what it tells of did not end well */
  end(error?: string): void;
}

/** Where spans go. */
export interface Tracing {
  /** False: nobody takes them. */
  readonly on: boolean;
  /** Starts a span for a request that comes from outside. */
  start(name: string, options: { readonly parent: TraceContext | undefined; attributes?: SpanAttributes }): LiveSpan;
  /** Writes a span that is over. One that is not sampled goes nowhere. */
  write(span: PastSpan): void;
  /** Sends what is left. */
  close(): Promise<void>;
}

/**
 * Sends spans where the standard variables of OpenTelemetry say: `OTEL_TRACES_EXPORTER` (`otlp`, `console`, `none`) and
 * `OTEL_EXPORTER_OTLP_ENDPOINT` with their kin. `undefined` where they say nothing: then nothing of OpenTelemetry is loaded.
 *
 * @param service default of `OTEL_SERVICE_NAME`
 */
export async function startTracing({ service, log }: { service: string; log: Log }): Promise<Tracing | undefined> {
  const exporters = wantedExporters(process.env, log);
  if (exporters.length === 0) return undefined;
  const { openTelemetry } = await import('./open-telemetry.ts');
  log.info('spans are exported', { exporters: exporters.join(',') });
  return openTelemetry({ service, exporters, log });
}

export type ExporterName = 'otlp' | 'console';

function wantedExporters(env: NodeJS.ProcessEnv, log: Log): ExporterName[] {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return [];
  const hasEndpoint = Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
  const names = (env.OTEL_TRACES_EXPORTER || (hasEndpoint ? 'otlp' : 'none')).split(',').map((name) => name.trim());
  const known = names.filter((name): name is ExporterName => name === 'otlp' || name === 'console');
  const unknown = names.filter((name) => name !== 'none' && name !== '' && !known.includes(name as ExporterName));
  if (unknown.length > 0)
    log.warn(`OTEL_TRACES_EXPORTER names what there is not: ${unknown.join(', ')}; use otlp, console or none.`);
  return [...new Set(known)];
}
