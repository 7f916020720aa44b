import { AutotestError } from '@autotest/core';

/** Thrown when the session directory or its session.json is missing or unreadable. */
export class SessionError extends AutotestError {
  constructor(directory: string, why: string, cause?: unknown) {
    super('AT_SESSION_INVALID', `The session ${directory} cannot be used: ${why}. Set it up again.`, {
      cause,
      details: { directory },
    });
    this.name = 'SessionError';
  }
}

/** Thrown when a client already runs the session. */
export class SessionBusyError extends AutotestError {
  constructor(directory: string, pid: number) {
    super('AT_SESSION_BUSY', `Process ${pid} runs the session ${directory} already; follow or stop that one.`, {
      details: { directory, pid },
    });
    this.name = 'SessionBusyError';
  }
}

/** Thrown when `runTest` names a test that is nowhere, or a module that defines none. Gives the test the outcome `error`. */
export class TestNotFoundError extends AutotestError {
  readonly outcome = 'error';
  constructor(nameOrPath: string, searched: readonly string[]) {
    super(
      'AT_TEST_NOT_FOUND',
      `Test ${nameOrPath} does not exist. Searched: ${searched.join(', ')}. Name a bundled test, or write the path of a module literally in the control file.`,
      { details: { nameOrPath } },
    );
    this.name = 'TestNotFoundError';
  }
}

/** Thrown when arguments of a test do not fit its `params`. Gives the test the outcome `error`. */
export class TestParamsError extends AutotestError {
  readonly outcome = 'error';
  constructor(test: string, problems: readonly string[]) {
    super('AT_TEST_PARAMS', `Arguments of test ${test} do not fit. ${problems.join(' ')}`);
    this.name = 'TestParamsError';
  }
}

/** Thrown when the results of a session grow over the limit of the execution. Ends the job. */
export class ResultsTooLargeError extends AutotestError {
  readonly outcome = 'error';
  constructor(bytes: number, limitBytes: number) {
    super(
      'AT_RESULTS_TOO_LARGE',
      `The results have ${bytes} bytes, ${limitBytes} are allowed. Write less, or raise the limit of the job.`,
    );
    this.name = 'ResultsTooLargeError';
  }
}

/** Thrown when another process holds a lock for longer than the caller may wait. */
export class LockTimeoutError extends AutotestError {
  constructor(file: string, holder: string) {
    super('AT_LOCK_TIMEOUT', `${file} is held by ${holder}. Wait for it, or end it.`);
    this.name = 'LockTimeoutError';
  }
}
