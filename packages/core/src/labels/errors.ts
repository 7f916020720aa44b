import { AutotestError } from '../errors/autotest-error.ts';

/** Thrown when text given as a label is none. `code` is `AT_LABEL`. */
export class LabelError extends AutotestError {
  constructor(label: string, problem: string) {
    super('AT_LABEL', `'${shorten(label)}' is not a label: ${problem}`, { details: { label: shorten(label) } });
    this.name = 'LabelError';
  }
}

/**
 * Thrown when a label expression cannot be read. `code` is `AT_LABEL_EXPRESSION`. The message ends with the text and a caret
 * under the place.
 */
export class LabelExpressionError extends AutotestError {
  /** 1-based, in UTF-16 code units; one past the end where something is missing there. */
  readonly position: number;
  /** What is wrong, without place and caret. */
  readonly problem: string;
  readonly remedy: string;

  constructor(text: string, position: number, problem: string, remedy: string) {
    super(
      'AT_LABEL_EXPRESSION',
      `Label expression, character ${position}: ${problem} ${remedy}\n${showPlace(text, position)}`,
      { details: { position, problem, remedy } },
    );
    this.name = 'LabelExpressionError';
    this.position = position;
    this.problem = problem;
    this.remedy = remedy;
  }
}

const contextLength = 60;

function showPlace(text: string, position: number): string {
  const start = Math.max(0, position - 1 - contextLength);
  const end = Math.min(text.length, position - 1 + contextLength);
  const head = start > 0 ? '…' : '';
  const tail = end < text.length ? '…' : '';
  const shown = onOneLine(text.slice(start, end));
  return `  ${head}${shown}${tail}\n  ${' '.repeat(head.length + position - 1 - start)}^`;
}

function shorten(text: string): string {
  return onOneLine(text.length > contextLength ? `${text.slice(0, contextLength)}…` : text);
}

function onOneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ');
}
