import type { ResultOutcome } from '../results/outcome.ts';

/**
 * What test authors throw to decide how a test ends. Runtimes recognise them by the `outcome` property, not by class, because
 * a bundled control file carries its own copy of these classes.
 */
export class TestOutcomeError extends Error {
  readonly outcome: ResultOutcome;
  constructor(outcome: ResultOutcome, message: string, options?: ErrorOptions) {
    super(message, options);
    this.outcome = outcome;
    this.name = new.target.name;
  }
}

/** The thing under test does not do what it should. */
export class TestFail extends TestOutcomeError {
  constructor(message: string, options?: ErrorOptions) {
    super('fail', message, options);
  }
}

/** The test could not be carried out: says nothing about the thing under test. */
export class TestError extends TestOutcomeError {
  constructor(message: string, options?: ErrorOptions) {
    super('error', message, options);
  }
}

/** The test has no meaning on this host. */
export class TestNotApplicable extends TestOutcomeError {
  constructor(message: string, options?: ErrorOptions) {
    super('skip', message, options);
  }
}

/** Worked, but somebody should look. */
export class TestWarn extends TestOutcomeError {
  constructor(message: string, options?: ErrorOptions) {
    super('warn', message, options);
  }
}

/** Ends the whole job, not only the test that throws it. */
export class JobError extends TestOutcomeError {
  readonly endsJob = true;
  constructor(message: string, options?: ErrorOptions) {
    super('abort', message, options);
  }
}

/** Outcome a thrown value asks for, if it is one of this family (of any copy of this module). */
export function outcomeAskedFor(error: unknown): { outcome: ResultOutcome; endsJob: boolean } | undefined {
  if (!(error instanceof Error)) return undefined;
  const { outcome, endsJob } = error as Error & { outcome?: unknown; endsJob?: unknown };
  if (typeof outcome !== 'string') return undefined;
  return { outcome: outcome as ResultOutcome, endsJob: endsJob === true };
}
