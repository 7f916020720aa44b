import type { StatusLogSink } from './verdict.ts';

const maxProblems = 1000;
const maxTextLength = 200;

/** Passes problems on, bounded: a broken file of any size gives at most about a thousand. */
export class ProblemReporter {
  readonly #sink: StatusLogSink;
  #count = 0;

  constructor(sink: StatusLogSink) {
    this.#sink = sink;
  }

  report(line: number, text: string, why: string): void {
    this.#count++;
    if (this.#count > maxProblems + 1) return;
    if (this.#count > maxProblems) {
      this.#sink.onProblem?.({ line, text: '', why: 'there are more problems; the rest is not listed' });
      return;
    }
    this.#sink.onProblem?.({ line, text: text.slice(0, maxTextLength), why });
  }
}
