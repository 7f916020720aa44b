import vm from 'node:vm';

/** Thrown by {@link withinTime} when the time is over. */
export class OutOfTimeError extends Error {
  constructor(limitMs: number, options: ErrorOptions) {
    super(`It took longer than ${limitMs} ms.`, options);
    this.name = 'OutOfTimeError';
  }
}

/**
 * Runs synchronous code and stops it when it takes too long, which is how strangers' text can be given to code whose time
 * grows exponentially: regular expressions, and parsers that try again.
 *
 * @throws OutOfTimeError, and what `run` throws.
 */
export function withinTime<T>(limitMs: number, run: () => T): T {
  const outcome: { value?: { readonly it: T } } = {};
  const call = (): void => {
    outcome.value = { it: run() };
  };
  try {
    // The limit holds for everything below this call, also outside of the new context.
    vm.runInNewContext('call()', { call }, { timeout: limitMs });
  } catch (error) {
    throw isTimeout(error) ? new OutOfTimeError(limitMs, { cause: error }) : error;
  }
  if (outcome.value === undefined) throw new Error('The call did not happen.');
  return outcome.value.it;
}

/** The error is of the new context, so it is no instance of our Error. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  );
}
