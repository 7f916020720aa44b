import { AutotestError } from '@autotest/core';

/** One error as a GraphQL server sends it. */
interface GraphQLFault {
  readonly message: string;
  readonly extensions?: { readonly code?: unknown; readonly [key: string]: unknown } | undefined;
}

/**
 * Thrown when the server refuses a request. `code` is the server's: `UNAUTHENTICATED`, `FORBIDDEN`, `GRAPHQL_VALIDATION_FAILED`, or one
 * of the error table.
 */
export class ApiError extends AutotestError {
  constructor(code: string, message: string, details: Record<string, unknown> = {}) {
    super(code, message, { details });
    this.name = 'ApiError';
  }
}

/** Thrown when no server answers, or something that is no Autotest server. */
export class ServerUnreachableError extends AutotestError {
  constructor(url: string, reason: string, cause?: unknown) {
    super(
      'AT_SERVER_UNREACHABLE',
      `The server at ${url} cannot be reached (${reason}); check the address and that it runs.`,
      { cause, details: { url } },
    );
    this.name = 'ServerUnreachableError';
  }
}

/** Thrown when a connection is used after `close()`. */
export class ConnectionClosedError extends AutotestError {
  constructor() {
    super('AT_CONNECTION_CLOSED', 'This connection to the server was closed; call connect() again.');
    this.name = 'ConnectionClosedError';
  }
}

/** The first error of an answer. */
export function apiErrorOf(errors: readonly GraphQLFault[]): ApiError {
  const [first] = errors;
  const code = first?.extensions?.code;
  return new ApiError(
    typeof code === 'string' ? code : 'AT_SERVER_ERROR',
    first?.message ?? 'The server sent an error without a message.',
    { ...(errors.length > 1 && { errors }), ...(first?.extensions && { extensions: first.extensions }) },
  );
}

/** Whether a value looks like the `errors` of an answer. */
export function isFaults(value: unknown): value is readonly GraphQLFault[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item: unknown) => typeof item === 'object' && item !== null && 'message' in item)
  );
}
