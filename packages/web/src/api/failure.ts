import { CombinedError } from '@urql/core';

/** Why a request failed, in the three ways in which a page behaves differently. */
export interface Failure {
  readonly kind: 'signedOut' | 'offline' | 'refused';
  readonly message: string;
  /** Of the error table, where the server gave one. */
  readonly code?: string;
}

/** Reads what urql or graphql-ws gave as an error. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CombinedError) return failureOfCombined(error);
  return { kind: 'refused', message: error instanceof Error ? error.message : String(error) };
}

function failureOfCombined(error: CombinedError): Failure {
  const first = error.graphQLErrors[0];
  const code = first === undefined ? undefined : codeOf(first.extensions);
  const status = statusOf(error.response);
  if (code === 'UNAUTHENTICATED' || status === 401) {
    return { kind: 'signedOut', message: 'You are signed out.', code: 'UNAUTHENTICATED' };
  }
  if (first !== undefined) return { kind: 'refused', message: first.message, ...(code === undefined ? {} : { code }) };
  if (status !== undefined) return { kind: 'refused', message: `The server answered with HTTP status ${status}.` };
  return { kind: 'offline', message: 'The server cannot be reached. Is it running?' };
}

function codeOf(extensions: Record<string, unknown> | undefined): string | undefined {
  const code = extensions?.['code'];
  return typeof code === 'string' ? code : undefined;
}

function statusOf(response: unknown): number | undefined {
  if (typeof response !== 'object' || response === null || !('status' in response)) return undefined;
  return typeof response.status === 'number' ? response.status : undefined;
}
