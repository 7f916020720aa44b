import type { LabelOperator } from './expression.ts';
import { LabelExpressionError } from './errors.ts';

export type LabelToken =
  | {
      readonly kind: 'word';
      readonly text: string;
      readonly quoted: boolean;
      readonly start: number;
      readonly end: number;
    }
  | { readonly kind: LabelMark | 'end'; readonly start: number; readonly end: number }
  | { readonly kind: 'operator'; readonly operator: LabelOperator; readonly start: number; readonly end: number };

type LabelMark = (typeof marks)[number];

const marks = ['!', '&', '|', '(', ')', ':'] as const;
const operators = ['>=', '<=', '>', '<', '='] as const satisfies readonly LabelOperator[];

const blank = /\s+/uy;
const bareWord = /[^\s!&|()<>=:,;"'`\\\p{Cc}\p{Cs}]+/uy;

const foreignSpellings: readonly (readonly [spelling: string, problem: string, remedy: string])[] = [
  ['&&', "'&&' is not an operator.", 'Write a single &.'],
  ['||', "'||' is not an operator.", 'Write a single |.'],
  ['!=', "'!=' is not an operator.", 'Write !key:value.'],
  ['==', "'==' is not an operator.", 'Write key:value for text, key=16 for numbers.'],
  ['=>', "'=>' is not an operator.", 'Write >= for "at least".'],
  ['=<', "'=<' is not an operator.", 'Write <= for "at most".'],
  [',', 'a comma does not join labels.', 'Write & between labels that must all hold.'],
  [';', 'a semicolon does not join labels.', 'Write & between labels that must all hold.'],
];

/** The next token at or after `offset` (0-based; so are `start` and `end`). */
export function nextLabelToken(text: string, offset: number): LabelToken {
  const start = offset + matchAt(blank, text, offset).length;
  const first = text[start];
  if (first === undefined) return { kind: 'end', start, end: start };
  refuseForeignSpelling(text, start);
  const kind = marks.find((mark) => mark === first);
  if (kind !== undefined) return { kind, start, end: start + 1 };
  const operator = operators.find((spelling) => text.startsWith(spelling, start));
  if (operator !== undefined) return { kind: 'operator', operator, start, end: start + operator.length };
  if (first === '"' || first === "'") return readQuoted(text, start, first);
  const word = matchAt(bareWord, text, start);
  if (word !== '') return { kind: 'word', text: word, quoted: false, start, end: start + word.length };
  throw new LabelExpressionError(
    text,
    start + 1,
    `the character ${JSON.stringify(first)} cannot stand here.`,
    'Put names with odd characters in double quotes.',
  );
}

function matchAt(pattern: RegExp, text: string, offset: number): string {
  pattern.lastIndex = offset;
  return pattern.exec(text)?.[0] ?? '';
}

function refuseForeignSpelling(text: string, start: number): void {
  const found = foreignSpellings.find(([spelling]) => text.startsWith(spelling, start));
  if (found === undefined) return;
  const [, problem, remedy] = found;
  throw new LabelExpressionError(text, start + 1, problem, remedy);
}

function readQuoted(text: string, start: number, quote: string): LabelToken {
  let content = '';
  for (let index = start + 1; index < text.length; index++) {
    const character = text[index] ?? '';
    if (character === quote) return { kind: 'word', text: content, quoted: true, start, end: index + 1 };
    if (character === '\\') index++;
    content += text[index] ?? '';
  }
  throw new LabelExpressionError(text, start + 1, 'this quote is never closed.', `Close it with ${quote}.`);
}
