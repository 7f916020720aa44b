import { AutotestError } from '../errors/autotest-error.ts';

/** Thrown when a directory to be read as results holds no status log, neither itself nor for a host below it. */
export class NoResultsError extends AutotestError {
  constructor(dir: string) {
    super(
      'AT_NO_RESULTS',
      `${dir} holds no results: there is no status.log or status in it. Name the results directory of one job.`,
      { details: { dir } },
    );
    this.name = 'NoResultsError';
  }
}
