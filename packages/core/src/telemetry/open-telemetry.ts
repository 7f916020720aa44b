import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace, type Context } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  detectResources,
  envDetector,
  hostDetector,
  processDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  RandomIdGenerator,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type IdGenerator,
  type Sampler,
} from '@opentelemetry/sdk-trace';
import type { TraceContext } from '../execution/trace-context.ts';
import type { Log } from '../log.ts';
import type { ExporterName, SpanAttributes, Tracing } from './tracing.ts';

/** Loaded only where spans go somewhere. Nothing global is set: whoever embeds Autotest may have a tracing of their own. */
export function openTelemetry(options: { service: string; exporters: readonly ExporterName[]; log: Log }): Tracing {
  const ids = new GivenIds();
  const provider = new TracerProvider({
    sampler: samplerOf(process.env, options.log),
    idGenerator: ids,
    resource: resourceFromAttributes({ 'service.name': options.service }).merge(
      detectResources({ detectors: [hostDetector, processDetector, envDetector] }),
    ),
    spanProcessors: options.exporters.map((name) =>
      name === 'otlp'
        ? new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })
        : new SimpleSpanProcessor({ exporter: new ConsoleSpanExporter() }),
    ),
  });
  const tracer = provider.getTracer('autotest');
  return {
    on: true,
    start(name, { parent, attributes }) {
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes: { ...attributes } }, below(parent));
      const { traceId, spanId, traceFlags } = span.spanContext();
      return {
        traceId,
        spanId,
        sampled: (traceFlags & TraceFlags.SAMPLED) !== 0,
        set: (more: SpanAttributes) => void span.setAttributes({ ...more }),
        end(error) {
          if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
          span.end();
        },
      };
    },
    write({ traceId, spanId, parentSpanId, sampled, name, startedAt, endedAt, attributes, error }) {
      if (!sampled) return;
      const parent = parentSpanId === undefined ? undefined : { traceId, spanId: parentSpanId, sampled };
      // As dates: small numbers would be taken for times since the start of this process.
      const span = ids.with({ traceId, spanId }, () =>
        tracer.startSpan(name, { startTime: new Date(startedAt), attributes: { ...attributes } }, below(parent)),
      );
      if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      span.end(new Date(Math.max(startedAt, endedAt)));
    },
    async close() {
      try {
        await provider.shutdown();
      } catch (error) {
        options.log.warn('the last spans could not be sent', { error });
      }
    },
  };
}

function below(parent: TraceContext | undefined): Context {
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** Random ids, or those that the next span has to have. */
class GivenIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #given: { readonly traceId: string; readonly spanId: string } | undefined;

  with<T>(given: { readonly traceId: string; readonly spanId: string }, start: () => T): T {
    this.#given = given;
    try {
      return start();
    } finally {
      this.#given = undefined;
    }
  }

  generateTraceId(): string {
    return this.#given?.traceId ?? this.#random.generateTraceId();
  }

  generateSpanId(): string {
    return this.#given?.spanId ?? this.#random.generateSpanId();
  }
}

/** `OTEL_TRACES_SAMPLER`, by default what the parent says, and all without a parent. */
function samplerOf(env: NodeJS.ProcessEnv, log: Log): Sampler {
  const ratio = new TraceIdRatioBasedSampler(Number(env.OTEL_TRACES_SAMPLER_ARG || 1));
  const samplers: Readonly<Record<string, Sampler>> = {
    always_on: new AlwaysOnSampler(),
    always_off: new AlwaysOffSampler(),
    traceidratio: ratio,
    parentbased_always_on: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    parentbased_always_off: new ParentBasedSampler({ root: new AlwaysOffSampler() }),
    parentbased_traceidratio: new ParentBasedSampler({ root: ratio }),
  };
  const name = env.OTEL_TRACES_SAMPLER?.trim() || 'parentbased_always_on';
  const sampler = samplers[name];
  if (sampler) return sampler;
  log.warn(`OTEL_TRACES_SAMPLER ${JSON.stringify(name)} is not known; all is sampled unless a parent says otherwise.`);
  return new ParentBasedSampler({ root: new AlwaysOnSampler() });
}
