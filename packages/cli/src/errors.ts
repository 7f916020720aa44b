import { AutotestError } from '@autotest/core';

/** Thrown when a command was called in a way it does not understand. Ends with exit code 64. */
export class UsageError extends AutotestError {
  constructor(message: string) {
    super('AT_USAGE', message);
    this.name = 'UsageError';
  }
}

/** Thrown when no server is known to talk to. Ends with exit code 69. */
export class NoServerError extends AutotestError {
  constructor() {
    super(
      'AT_NO_SERVER',
      'No server is known. Start one with `autotest up`, or name one with --server URL (or AUTOTEST_SERVER) and a token in AUTOTEST_TOKEN.',
    );
    this.name = 'NoServerError';
  }
}

/** Thrown when the server refuses what was asked for. Ends with exit code 64, or 77 for want of permission. */
export class RefusedError extends AutotestError {
  constructor(code: string, message: string, hints: readonly string[] = []) {
    super(code, [message, ...hints.map((hint) => `  ${hint}`)].join('\n'));
    this.name = 'RefusedError';
  }
}

/** There is no such thing. @param what `host`, `recurring job` @param list the command that lists what there is */
export function notFoundError(what: string, id: string, list: string): RefusedError {
  return new RefusedError('AT_NOT_FOUND', `There is no ${what} ${id}; \`autotest ${list}\` shows what there is.`);
}
