import {
  type LabelExpression,
  type LabelOperator,
  maxLabelExpressionDepth,
  maxLabelExpressionLength,
} from './expression.ts';
import { LabelExpressionError } from './errors.ts';
import { labelProblem, splitLabel } from './label.ts';
import { type LabelToken, nextLabelToken } from './lexer.ts';

type Word = Extract<LabelToken, { kind: 'word' }>;

interface Parser {
  readonly text: string;
  token: LabelToken;
  depth: number;
}

/**
 * Reads a label expression, for instance `arch:x86_64 & !flaky & (nic:10g | nic:25g)`. `!` binds closest, then `&`, then `|`.
 *
 * @throws LabelExpressionError (`AT_LABEL_EXPRESSION`)
 */
export function parseLabelExpression(text: string): LabelExpression {
  if (text.length > maxLabelExpressionLength) {
    const problem = `the text is longer than ${maxLabelExpressionLength} characters.`;
    throw new LabelExpressionError(
      text,
      maxLabelExpressionLength + 1,
      problem,
      'Give such hosts a label of their own.',
    );
  }
  if (text.trim() === '') {
    throw new LabelExpressionError(text, 1, 'the expression is empty.', 'Leave it out to take any host.');
  }
  const parser: Parser = { text, token: nextLabelToken(text, 0), depth: 0 };
  const expression = parseOr(parser);
  const rest = parser.token;
  if (rest.kind === 'end') return expression;
  if (rest.kind === ')') fail(parser, 'this parenthesis was never opened.', 'Remove it.');
  return fail(parser, 'expected & or | here.', 'Join conditions with & (and) or | (or); quote names that hold blanks.');
}

function parseOr(parser: Parser): LabelExpression {
  return parseChain(parser, 'or', '|', parseAnd);
}

function parseAnd(parser: Parser): LabelExpression {
  return parseChain(parser, 'and', '&', parseUnary);
}

function parseChain(
  parser: Parser,
  kind: 'and' | 'or',
  separator: '&' | '|',
  parseOperand: (parser: Parser) => LabelExpression,
): LabelExpression {
  const first = parseOperand(parser);
  if (parser.token.kind !== separator) return first;
  const operands = [first];
  while (parser.token.kind === separator) {
    advance(parser);
    operands.push(parseOperand(parser));
  }
  return { kind, operands: operands.flatMap((operand) => (operand.kind === kind ? operand.operands : operand)) };
}

function parseUnary(parser: Parser): LabelExpression {
  const { kind } = parser.token;
  if (kind === '!') return nested(parser, () => ({ kind: 'not', operand: parseUnary(parser) }));
  if (kind === '(') return nested(parser, () => parseParenthesised(parser));
  return parseCondition(parser);
}

function nested(parser: Parser, parse: () => LabelExpression): LabelExpression {
  if (parser.depth >= maxLabelExpressionDepth) {
    fail(parser, `nested deeper than ${maxLabelExpressionDepth} levels.`, 'Remove parentheses that are not needed.');
  }
  parser.depth++;
  advance(parser);
  const expression = parse();
  parser.depth--;
  return expression;
}

function parseParenthesised(parser: Parser): LabelExpression {
  const expression = parseOr(parser);
  if (parser.token.kind !== ')') fail(parser, 'expected & or | or ) here.', 'Close the parenthesis with ).');
  advance(parser);
  return expression;
}

function parseCondition(parser: Parser): LabelExpression {
  const word = expectWord(parser, 'expected a label here.', 'Write name, key:value, key:* or key>=16.');
  if (parser.token.kind === 'operator') return parseComparison(parser, word, parser.token.operator);
  if (parser.token.kind !== ':') return nameOrLabel(parser, word);
  advance(parser);
  return parseValue(parser, word);
}

function parseComparison(parser: Parser, word: Word, operator: LabelOperator): LabelExpression {
  const key = checkKey(parser, word);
  advance(parser);
  const number = expectWord(
    parser,
    `expected a number after ${operator}.`,
    `Write for instance ${word.text}${operator}16.`,
  );
  if (!isNumber(number.text)) {
    failAt(parser, number.start, `'${number.text}' is not a number.`, 'Write key:value to compare text.');
  }
  // Adding 0 turns -0 into 0, which prints the same.
  return { kind: 'compare', key, operator, number: Number(number.text) + 0 };
}

function parseValue(parser: Parser, word: Word): LabelExpression {
  const key = checkKey(parser, word);
  const start = parser.token.start;
  const first = expectWord(parser, 'expected a value after the colon.', `Write ${word.text}:value or ${word.text}:*.`);
  if (first.text === '*' && !first.quoted) return { kind: 'key', key };
  let { text: value, quoted } = first;
  while (parser.token.kind === ':') {
    advance(parser);
    const next = expectWord(
      parser,
      'expected more of the value after the colon.',
      'Quote values that end with a colon.',
    );
    value += `:${next.text}`;
    quoted ||= next.quoted;
  }
  if (value.includes('*') && !quoted) {
    failAt(
      parser,
      start,
      '* stands for a whole value, not for a part of one.',
      `Write ${word.text}:* or quote the value.`,
    );
  }
  checkLabel(parser, start, `${key}:${value}`);
  return { kind: 'value', key, value };
}

function nameOrLabel(parser: Parser, word: Word): LabelExpression {
  if (word.text.includes('*') && !word.quoted) {
    failAt(parser, word.start, '* stands only for the value of a key.', 'Write key:*, or quote the name.');
  }
  checkLabel(parser, word.start, word.text);
  const { key, value } = splitLabel(word.text);
  return value === undefined ? { kind: 'name', name: key } : { kind: 'value', key, value };
}

function checkKey(parser: Parser, word: Word): string {
  if (word.text.includes(':') || (word.text.includes('*') && !word.quoted)) {
    failAt(parser, word.start, `'${word.text}' cannot be a key.`, 'Keys hold neither colon nor *.');
  }
  checkLabel(parser, word.start, word.text);
  return word.text;
}

function checkLabel(parser: Parser, start: number, label: string): void {
  const problem = labelProblem(label);
  if (problem !== undefined) failAt(parser, start, `this is not a label: ${problem}`, 'See the reference of labels.');
}

function expectWord(parser: Parser, problem: string, remedy: string): Word {
  const { token } = parser;
  if (token.kind !== 'word') return fail(parser, problem, remedy);
  advance(parser);
  return token;
}

function isNumber(text: string): boolean {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text));
}

function advance(parser: Parser): void {
  parser.token = nextLabelToken(parser.text, parser.token.end);
}

function fail(parser: Parser, problem: string, remedy: string): never {
  return failAt(parser, parser.token.start, problem, remedy);
}

function failAt(parser: Parser, start: number, problem: string, remedy: string): never {
  throw new LabelExpressionError(parser.text, start + 1, problem, remedy);
}
