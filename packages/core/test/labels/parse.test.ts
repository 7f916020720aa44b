import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LabelExpressionError } from '../../src/labels/errors.ts';
import { formatLabelExpression } from '../../src/labels/format.ts';
import { parseLabelExpression } from '../../src/labels/parse.ts';
import { expressions } from './arbitrary.ts';

test('"!" binds closer than "&", and "&" closer than "|".', () => {
  expect(parseLabelExpression('!a & b | c')).toEqual({
    kind: 'or',
    operands: [
      {
        kind: 'and',
        operands: [
          { kind: 'not', operand: { kind: 'name', name: 'a' } },
          { kind: 'name', name: 'b' },
        ],
      },
      { kind: 'name', name: 'c' },
    ],
  });
});

test.each([
  ['arch:x86_64', { kind: 'value', key: 'arch', value: 'x86_64' }],
  ['nic:*', { kind: 'key', key: 'nic' }],
  ['nic:"*"', { kind: 'value', key: 'nic', value: '*' }],
  ['mac:00:1b:21', { kind: 'value', key: 'mac', value: '00:1b:21' }],
  ['"mac:00:1b"', { kind: 'value', key: 'mac', value: '00:1b' }],
  ['cores>=16', { kind: 'compare', key: 'cores', operator: '>=', number: 16 }],
  ['"cores" <= -1.5', { kind: 'compare', key: 'cores', operator: '<=', number: -1.5 }],
  ['cores=2', { kind: 'compare', key: 'cores', operator: '=', number: 2 }],
  ['"odd \\"name\\""', { kind: 'name', name: 'odd "name"' }],
  ["'a & b'", { kind: 'name', name: 'a & b' }],
])('%s is one condition.', (text, expected) => {
  expect(parseLabelExpression(text)).toEqual(expected);
});

describe('Printing', () => {
  test.each([
    ['(a)', 'a'],
    ['((a & b)) & c', 'a & b & c'],
    ['(a | b) & !(c & d) & !!e', '(a | b) & !(c & d) & !!e'],
    ['(a & b) | c', 'a & b | c'],
    ['"plain" & "two words":"x"', 'plain & "two words":x'],
  ])('makes %s into %s.', (text, expected) => {
    expect(formatLabelExpression(parseLabelExpression(text))).toBe(expected);
  });

  test('gives text that reads as the same expression.', () => {
    fc.assert(
      fc.property(expressions, (expression) => {
        const text = formatLabelExpression(expression);
        fc.pre(text.length <= 4096);
        expect(parseLabelExpression(text)).toEqual(expression);
      }),
      { numRuns: 500 },
    );
  });
});

describe('A bad expression', () => {
  test.each([
    ['', 1, 'empty'],
    ['   ', 1, 'empty'],
    ['a b', 3, 'expected & or |'],
    ['a && b', 3, "'&&' is not an operator. Write a single &."],
    ['a, b', 2, 'Write & between'],
    ['k != v', 3, 'Write !key:value.'],
    ['(a | b', 7, 'Close the parenthesis'],
    ['a)', 2, 'never opened'],
    ['a &', 4, 'expected a label'],
    ['& a', 1, 'expected a label'],
    ['k:', 3, 'expected a value'],
    ['k:10*', 3, 'whole value'],
    ['k*', 1, 'only for the value of a key'],
    ['k >= many', 6, "'many' is not a number"],
    ['k >= 1e999', 6, 'is not a number'],
    ['"open', 1, 'never closed'],
    ['"a:b":c', 1, 'cannot be a key'],
    ['a & \u0007', 5, 'cannot stand here'],
  ])('(%j) is refused at character %i: %s', (text, position, message) => {
    const error = errorOf(text);
    expect(error.code).toBe('AT_LABEL_EXPRESSION');
    expect(error.position).toBe(position);
    expect(error.message).toContain(message);
  });

  test('is shown with a caret under the place.', () => {
    expect(errorOf('arch:x86 && fast').message.split('\n').slice(1)).toEqual(['  arch:x86 && fast', '           ^']);
  });

  test('of great length is shown in part, the caret still under the place.', () => {
    const [, shown = '', caret = ''] = errorOf(`${'a & '.repeat(500)}? , ${'& b'.repeat(500)}`).message.split('\n');
    expect(shown.length).toBeLessThan(140);
    expect(shown[caret.indexOf('^')]).toBe(',');
  });

  test('may not be longer than 4096 characters.', () => {
    expect(parseLabelExpression('a'.repeat(200)).kind).toBe('name');
    expect(errorOf('a'.repeat(4097)).message).toContain('longer than 4096');
  });

  test('may not be nested deeper than 64 levels.', () => {
    expect(parseLabelExpression(`${'('.repeat(64)}a${')'.repeat(64)}`)).toEqual({ kind: 'name', name: 'a' });
    expect(errorOf(`${'!('.repeat(33)}a${')'.repeat(33)}`).message).toContain('deeper than 64');
  });

  test('never throws anything but a LabelExpressionError.', () => {
    const pieces = fc.constantFrom('a', ':', '*', '!', '&', '|', '(', ')', '"', '>=', '=', ' ', '1', '\\', '😀', '\0');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        try {
          parseLabelExpression(parts.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(LabelExpressionError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function errorOf(text: string): LabelExpressionError {
  try {
    parseLabelExpression(text);
  } catch (error) {
    if (error instanceof LabelExpressionError) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}
