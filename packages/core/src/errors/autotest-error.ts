/**
 * Base of every fault the project itself reports. What test authors throw to decide an outcome is another family: see
 * control/outcome-errors.ts.
 *
 * `code` is constant and part of the public contract; the message says what happened, to which thing, and what to do.
 */
export class AutotestError extends Error {
  readonly code: string;
  /** Facts for programs (names, limits, exit codes); JSON-able. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AutotestError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Thrown when a documented operation is known but this version does not carry it out. */
export class NotSupportedError extends AutotestError {
  constructor(what: string, instead: string) {
    super('AT_NOT_SUPPORTED', `${what} is not supported by this version. ${instead}`);
    this.name = 'NotSupportedError';
  }
}

/** The shape in which an error crosses a process or network edge. */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** Test outcome the error asks for, where it is one of control/outcome-errors.ts. */
  readonly outcome?: string;
  readonly cause?: SerializedError;
}

const maxDepth = 5;

/** The one serialiser for errors at process edges. Takes anything that can be thrown. */
export function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error)) return { name: 'Thrown', message: describeThrown(error) };
  const { code, details, outcome } = error as Error & { code?: unknown; details?: unknown; outcome?: unknown };
  return {
    name: error.name,
    message: error.message,
    ...(typeof code === 'string' && { code }),
    ...(typeof error.stack === 'string' && { stack: error.stack }),
    ...(isPlainRecord(details) && Object.keys(details).length > 0 && { details }),
    ...(typeof outcome === 'string' && { outcome }),
    ...(error.cause !== undefined && depth < maxDepth && { cause: serializeError(error.cause, depth + 1) }),
  };
}

/** Message of anything thrown, never empty. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  return describeThrown(error);
}

function describeThrown(value: unknown): string {
  if (typeof value === 'string') return value || 'an empty string was thrown';
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

function isPlainRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
