import { AutotestError } from '../errors/autotest-error.ts';

/** Thrown when a line that must hold one JSON value is too long, nested too deep, or not JSON. `code` is `AT_JSON_LINE`. */
export class JsonLineError extends AutotestError {
  constructor(problem: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super('AT_JSON_LINE', `Bad JSON line: ${problem}`, options);
    this.name = 'JsonLineError';
  }
}
