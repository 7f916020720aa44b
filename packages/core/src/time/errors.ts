import { AutotestError } from '../errors/autotest-error.ts';

/** Thrown when something given as a duration is none. `code` is `AT_DURATION`. */
export class DurationError extends AutotestError {
  constructor(message: string) {
    super('AT_DURATION', message);
    this.name = 'DurationError';
  }
}

/** Thrown when something did not happen before its deadline: the reason of the deadline's signal. `code` is `AT_DEADLINE`. */
export class DeadlineError extends AutotestError {
  constructor(message: string, details: { limitMs: number }) {
    super('AT_DEADLINE', message, { details });
    this.name = 'DeadlineError';
  }
}
