import { randomUUID } from 'node:crypto';
import type { Log } from '@autotest/core';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { RequestError } from '../errors.ts';

/**
 * What a client is told of an error. Faults of the request are told as they are; everything else is a fault of ours: it is logged
 * under an id, and the client gets the id.
 */
export function faultFor(log: Log, formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
  const thrown = thrownError(error);
  const where = {
    ...(formatted.locations && { locations: formatted.locations }),
    ...(formatted.path && { path: formatted.path }),
  };
  if (thrown instanceof RequestError)
    return { message: thrown.message, ...where, extensions: { code: thrown.code, ...thrown.details } };
  if (isFaultOfRequest(thrown)) {
    const code = formatted.extensions?.code;
    return {
      message: formatted.message,
      ...where,
      extensions: { code: typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR' ? code : 'BAD_REQUEST' },
    };
  }
  const id = randomUUID();
  log.error('A request failed.', { id, path: formatted.path?.join('.'), error: thrown });
  return {
    message: `The server failed to answer. Look for ${id} in its log.`,
    ...where,
    extensions: { code: 'INTERNAL_SERVER_ERROR', id },
  };
}

/** What was thrown, out of what GraphQL put around it. */
function thrownError(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError !== undefined ? thrownError(error.originalError) : error;
}

/** What parsing, validation and scalars say: GraphQL errors without another error behind them. */
function isFaultOfRequest(error: unknown): boolean {
  return error instanceof GraphQLError;
}
