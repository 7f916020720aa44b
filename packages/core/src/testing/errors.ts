import { AutotestError } from '../errors/autotest-error.ts';

/** Thrown when a real service that a test needs cannot be started. */
export class TestServiceError extends AutotestError {
  constructor(service: string, problem: string, cause?: unknown) {
    super('AT_TEST_SERVICE', `${service} could not be started for a test: ${problem}`, { cause });
    this.name = 'TestServiceError';
  }
}
