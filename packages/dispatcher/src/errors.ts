import { AutotestError, messageOf, type Cause } from '@autotest/core';

/** Thrown when a dispatcher with the same id runs already on this machine. */
export class DispatcherRunningError extends AutotestError {
  constructor(dispatcherId: string) {
    super(
      'AT_DISPATCHER_RUNNING',
      `The dispatcher ${dispatcherId} runs already on this machine; stop it first, or start this one with another data directory or id.`,
      { details: { dispatcherId } },
    );
    this.name = 'DispatcherRunningError';
  }
}

/** Thrown when another process has the id of this dispatcher by now. */
export class DispatcherReplacedError extends AutotestError {
  constructor(dispatcherId: string) {
    super(
      'AT_DISPATCHER_REPLACED',
      `Another process is the dispatcher ${dispatcherId} by now; stop one of them, or give this one another id.`,
      { details: { dispatcherId } },
    );
    this.name = 'DispatcherReplacedError';
  }
}

/** Thrown when the program autoserv is not where it should be. */
export class AutoservMissingError extends AutotestError {
  constructor(where: string, cause?: unknown) {
    super('AT_AUTOSERV_MISSING', `autoserv was not found at ${where}; build or reinstall Autotest.`, { cause });
    this.name = 'AutoservMissingError';
  }
}

/** Thrown when the bundle of a job's control file is not in the database. */
export class BundleMissingError extends AutotestError {
  constructor(jobId: number, hash: string) {
    super(
      'AT_BUNDLE_MISSING',
      `The control file of job ${jobId} (bundle ${hash}) is not in the database; submit the job again.`,
      {
        details: { jobId, hash },
      },
    );
    this.name = 'BundleMissingError';
  }
}

/** Thrown when the files with which an execution starts cannot be written, or its process cannot be started. */
export class ExecutionStartError extends AutotestError {
  constructor(resultsDir: string, cause: unknown) {
    super(
      'AT_EXECUTION_START',
      `The execution in ${resultsDir} could not start: ${messageOf(cause)}. Check the disk and the rights of the data directory, and the options of the executor.`,
      {
        cause,
        details: { resultsDir },
      },
    );
    this.name = 'ExecutionStartError';
  }
}

/** Thrown when what runs executions (a Slurm cluster) does not answer; what runs there goes on. */
export class ExecutorUnavailableError extends AutotestError {
  constructor(executor: string, problem: string) {
    super(
      'AT_EXECUTOR_UNAVAILABLE',
      `${executor} does not answer: ${problem}. It is asked again; see whether it runs.`,
      {
        details: { executor },
      },
    );
    this.name = 'ExecutorUnavailableError';
  }
}

const startFailureCodes: ReadonlySet<string> = new Set([
  'AT_EXECUTION_START',
  'AT_BUNDLE_MISSING',
  'AT_BUNDLE_CORRUPT',
  'AT_PATH_ESCAPE',
]);

/** The cause with which an execution ends that cannot start; undefined for an error that passes by itself. */
export function startFailure(error: unknown): Cause | undefined {
  if (!(error instanceof AutotestError) || !startFailureCodes.has(error.code)) return undefined;
  return { code: error.code, message: error.message };
}

/** Thrown when a change was undone again and again because somebody else was faster each time. */
export class ContendedError extends AutotestError {
  constructor(what: string) {
    super(
      'AT_CONTENDED',
      `${what} was changed by somebody else each time it was to be written; it is tried again later.`,
    );
    this.name = 'ContendedError';
  }
}

/** Thrown when a webhook leads to an address that notifications must not go to. */
export class TargetRefusedError extends AutotestError {
  constructor(name: string) {
    super(
      'AT_TARGET_REFUSED',
      `${name} leads to no public address, and notifications go to no other ones; use another address, or let an administrator set AUTOTEST_ALLOW_PRIVATE_TARGETS=1.`,
      { details: { name } },
    );
    this.name = 'TargetRefusedError';
  }
}

/** Thrown when what is known of an entry and of its host does not fit together: both are read again, and the step is tried again. */
export class StaleError extends AutotestError {
  constructor(what: string, host: string) {
    super('AT_STALE', `What is known of ${what} and of ${host} is not of the same moment; it is read again.`);
    this.name = 'StaleError';
  }
}

/** Thrown when arguments of the program are wrong. */
export class UsageError extends AutotestError {
  constructor(cause: unknown) {
    super('AT_USAGE', `${messageOf(cause)}. See autotest-dispatcher --help.`, { cause });
    this.name = 'UsageError';
  }
}
