/**
 * Where in a trace something happens, as W3C Trace Context writes it in a `traceparent` header and in the variable `TRACEPARENT`: plain strings, so that
 * autoserv and the client carry it without a tracing library. https://www.w3.org/TR/trace-context/#traceparent-header
 */
export interface TraceContext {
  /** 32 hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all 0: the span that is the parent of what comes. */
  readonly spanId: string;
  /** Whether the trace is recorded. */
  readonly sampled: boolean;
}

/** Version, trace, span, flags; a later version may say more behind them. */
const pattern = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Undefined for anything that is no trace context: that is how the standard wants it taken. */
export function parseTraceParent(text: string | undefined): TraceContext | undefined {
  const [, version, traceId, spanId, flags = '', rest] = pattern.exec(text?.trim() ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  if (version === '00' && rest !== undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceParent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
