import { AutotestError } from '@autotest/core';
import type { ResultsPlace } from './files/remote-results.ts';

/** Base of what a client may be told word by word. Anything else is masked. */
export class RequestError extends AutotestError {
  /** GraphQL takes these over into the error of the answer; `http` decides the status of an answer over HTTP. */
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: { details?: Record<string, unknown>; httpStatus?: number } = {}) {
    super(code, message, options);
    this.extensions = { code, ...(options.httpStatus !== undefined && { http: { status: options.httpStatus } }) };
  }
}

/** Thrown when a request comes without a token, or with one that is wrong, expired, used or revoked. */
export class UnauthenticatedError extends RequestError {
  constructor(message = 'Sign in first: send an API token as `Authorization: Bearer …`, or open a login link.') {
    super('UNAUTHENTICATED', message, { httpStatus: 401 });
    this.name = 'UnauthenticatedError';
  }
}

/** Thrown when a user may not do what was asked. */
export class ForbiddenError extends RequestError {
  constructor(what: string, remedy: string) {
    super('FORBIDDEN', `You may not ${what}. ${remedy}`);
    this.name = 'ForbiddenError';
  }
}

/** Thrown when something that a request names does not exist. */
export class MissingError extends RequestError {
  constructor(what: string, name: string) {
    super('AT_NOT_FOUND', `There is no ${what} ${JSON.stringify(name.slice(0, 200))}.`, { details: { what } });
    this.name = 'MissingError';
  }
}

/** Thrown when an argument is outside of what is allowed. */
export class ArgumentError extends RequestError {
  constructor(argument: string, problem: string) {
    super('AT_INPUT_INVALID', `The argument ${argument} ${problem}`, { details: { argument } });
    this.name = 'ArgumentError';
  }
}

/** Thrown when a query asks for too much at once. */
export class QueryLimitError extends RequestError {
  constructor(what: string, found: number, limit: number, remedy: string) {
    super('AT_QUERY_TOO_LARGE', `The query ${what}: ${found}, more than the ${limit} allowed. ${remedy}`, {
      details: { found, limit },
      httpStatus: 400,
    });
    this.name = 'QueryLimitError';
  }
}

/** Thrown when a login link is wanted and there is no user to sign in. */
export class NoSuchUserError extends AutotestError {
  constructor(login: string | undefined) {
    super(
      'AT_NOT_FOUND',
      login === undefined
        ? 'There is no administrator to sign in; start the server with `autotest up` once, which makes one.'
        : `There is no user ${JSON.stringify(login)}; check the name.`,
    );
    this.name = 'NoSuchUserError';
  }
}

/** Thrown when the state of a thing does not let a request pass; code and message are those of the store. */
export class ConflictError extends RequestError {
  constructor({ code, message, details }: AutotestError) {
    super(code, message, { details });
    this.name = 'ConflictError';
  }
}

/** Thrown when the results of an execution are on another machine and cannot be had from there. */
export class ResultsUnreachableError extends RequestError {
  constructor(where: ResultsPlace, why: string) {
    super(
      'AT_RESULTS_UNREACHABLE',
      `The results are with the dispatcher ${where.dispatcherId} on ${where.machine}, at ${where.url}: ${why}.`,
      { details: { ...where } },
    );
    this.name = 'ResultsUnreachableError';
  }
}
