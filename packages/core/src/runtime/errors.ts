import { AutotestError } from '../errors/autotest-error.ts';

/** Thrown when a control file that runs again meets another step than its journal holds: code between steps was not deterministic, or the file was changed. Ends the job. */
export class ControlDivergedError extends AutotestError {
  readonly outcome = 'error';
  readonly endsJob = true;
  constructor(
    recorded: string,
    now: string,
    places: { readonly recordedAt?: string | undefined; readonly nowAt?: string | undefined },
  ) {
    super(
      'AT_CONTROL_DIVERGED',
      `The control file ran again and did not do what it did before: recorded was ${describe(recorded, places.recordedAt)}, now came ${describe(now, places.nowAt)}. ` +
        'Between steps only deterministic code may stand; put what varies into job.step(), job.now() or job.random().',
      { details: { recorded, now, ...places } },
    );
    this.name = 'ControlDivergedError';
  }
}

function describe(step: string, at: string | undefined): string {
  return at === undefined ? step : `${step} (${at})`;
}

/** Thrown by every step of a job that was told to end. Ends the job as aborted, or as timed out when its time is over. */
export class JobAbortedError extends AutotestError {
  readonly outcome = 'abort';
  readonly endsJob = true;
  readonly timedOut: boolean;
  constructor(reason: string, timedOut = false) {
    super(timedOut ? 'AT_TIMED_OUT' : 'AT_ABORTED', reason);
    this.name = 'JobAbortedError';
    this.timedOut = timedOut;
  }
}

/** Thrown by `job.complete()` to leave the control file. */
export class JobCompleteError extends Error {
  readonly endsJob = true;
  readonly outcome: string;
  constructor(outcome: string) {
    super(`The job was completed with ${outcome}.`);
    this.name = 'JobCompleteError';
    this.outcome = outcome;
  }
}

/** Thrown when the result of a step is no JSON value, or is too large to be recorded. */
export class StepValueError extends AutotestError {
  constructor(key: string, why: string) {
    super(
      'AT_STEP_VALUE',
      `The result of step ${key} cannot be recorded: ${why}. Return plain JSON data of moderate size, or keep the data in a file.`,
    );
    this.name = 'StepValueError';
  }
}

/** Thrown by `runTest` and `runCommand` with `check: true` when the outcome is not ok. */
export class CheckFailedError extends AutotestError {
  readonly outcome: string;
  constructor(path: string, outcome: string, reason: string | undefined) {
    super('AT_CHECK_FAILED', `${path} ended ${outcome}${reason === undefined ? '' : `: ${reason}`}`, {
      details: { path },
    });
    this.name = 'CheckFailedError';
    this.outcome = outcome;
  }
}

/** Thrown when a reboot is asked for while other tests run. */
export class RebootBusyError extends AutotestError {
  readonly outcome = 'error';
  constructor(running: readonly string[]) {
    super(
      'AT_REBOOT_BUSY',
      `A reboot would interrupt ${running.join(', ')}. Let parallel branches end before the reboot.`,
      { details: { running } },
    );
    this.name = 'RebootBusyError';
  }
}

/** Thrown when a test, group or record is made inside `job.step()`: it would be missing when the step is answered from the journal. */
export class NestedStepError extends AutotestError {
  readonly outcome = 'error';
  constructor(what: string) {
    super(
      'AT_STEP_NESTED',
      `${what} cannot stand inside job.step(). Return a value from the step and use it behind it; commands may stand inside.`,
    );
    this.name = 'NestedStepError';
  }
}

/** Thrown when a keyval, metric, record or iteration is too large for the journal. */
export class RecordTooLargeError extends AutotestError {
  readonly outcome = 'error';
  constructor(kind: string, length: number, limit: number) {
    super(
      'AT_RECORD_TOO_LARGE',
      `A ${kind} record has ${length} characters, ${limit} are allowed. Keep large data in a file, for instance by artifact().`,
    );
    this.name = 'RecordTooLargeError';
  }
}

/** Thrown when groups are nested too deep. */
export class TooDeepError extends AutotestError {
  readonly outcome = 'error';
  constructor(limit: number) {
    super('AT_TOO_DEEP', `Groups and tests are nested more than ${limit} levels deep. Nest less.`);
    this.name = 'TooDeepError';
  }
}
