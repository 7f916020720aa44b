import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseJsonLine } from '../../src/json/json-line.ts';
import { isJsonValue } from '../../src/json/json-value.ts';
import { nullRecord } from '../../src/json/null-record.ts';
import { stableStringify } from '../../src/json/stable-stringify.ts';

describe('isJsonValue', () => {
  test('takes whatever JSON can say.', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(isJsonValue(value)).toBe(true);
      }),
    );
    expect(isJsonValue(nullRecord([['a', 1]]))).toBe(true);
  });

  test.each([
    undefined,
    Number.NaN,
    Infinity,
    1n,
    Symbol('x'),
    () => 1,
    new Date(0),
    new Map(),
    [undefined],
    { a: undefined },
  ])('refuses %s.', (value) => {
    expect(isJsonValue(value)).toBe(false);
  });

  test('refuses arrays with gaps, cycles and bottomless nesting.', () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    let deep: unknown = 1;
    for (let depth = 0; depth < 100_000; depth++) deep = [deep];
    expect([isJsonValue(Array.from({ length: 2 }).fill(1)), isJsonValue(cycle), isJsonValue(deep)]).toEqual([
      true,
      false,
      false,
    ]);
    const gap = [1];
    gap[2] = 3;
    expect(isJsonValue(gap)).toBe(false);
  });
});

describe('stableStringify', () => {
  test('gives JSON that holds the same value.', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        if (!isJsonValue(value)) throw new Error('Every value made here is JSON');
        expect(JSON.parse(stableStringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('does not depend on the order of keys.', () => {
    expect(stableStringify({ b: [1, { d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[1,{"c":2,"d":1}]}');
    expect(stableStringify({ a: null, b: [1, { c: 2, d: 1 }] })).toBe('{"a":null,"b":[1,{"c":2,"d":1}]}');
  });
});

test('A null record holds hostile keys as keys like any other.', () => {
  const record = nullRecord([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]);
  expect(Object.keys(record)).toEqual(['__proto__', 'constructor']);
  expect('toString' in record).toBe(false);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

describe('parseJsonLine', () => {
  test('reads a line.', () => {
    expect(parseJsonLine('{"a":[1,2]}')).toEqual({ a: [1, 2] });
  });

  test.each([
    ['{"a":', {}, 'Bad JSON line'],
    ['[1,2,3]', { maxLength: 5 }, 'it has 7 characters, more than the 5 allowed.'],
    ['[[[1]]]', { maxDepth: 2 }, 'nested deeper than the 2 levels'],
  ])('refuses %s with limits %j.', (line, limits, message) => {
    expect(() => parseJsonLine(line, limits)).toThrow(message);
    expect(() => parseJsonLine(line, limits)).toThrow(expect.objectContaining({ code: 'AT_JSON_LINE' }));
  });

  test('refuses nesting without bottom.', () => {
    expect(() => parseJsonLine('['.repeat(100_000) + ']'.repeat(100_000))).toThrow('nested deeper');
  });

  test('takes many brackets that are not nested.', () => {
    expect(parseJsonLine('[[1],[2],[3]]', { maxDepth: 2 })).toEqual([[1], [2], [3]]);
  });
});
