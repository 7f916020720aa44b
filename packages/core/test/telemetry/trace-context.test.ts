import { formatTraceParent, parseTraceParent } from '@autotest/core';
import { executionTrace, testTrace } from '@autotest/core/node';
import { expect, it } from 'vitest';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

it('a traceparent is read and written as W3C says', () => {
  expect(parseTraceParent(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, sampled: true });
  expect(parseTraceParent(` 00-${traceId}-${spanId}-00\n`)).toEqual({ traceId, spanId, sampled: false });
  expect(formatTraceParent({ traceId, spanId, sampled: true })).toBe(`00-${traceId}-${spanId}-01`);
  expect(formatTraceParent({ traceId, spanId, sampled: false })).toBe(`00-${traceId}-${spanId}-00`);
});

it('what a later version adds is passed over', () => {
  expect(parseTraceParent(`cc-${traceId}-${spanId}-03-what-the-future-will-be-like`)).toMatchObject({ sampled: true });
});

it.each([
  undefined,
  '',
  'garbage',
  `00-${traceId}-${spanId}`,
  `00-${traceId}-${spanId}-01-more`,
  `00-${traceId}-${spanId}-01.`,
  `ff-${traceId}-${spanId}-01`,
  `00-${'0'.repeat(32)}-${spanId}-01`,
  `00-${traceId}-${'0'.repeat(16)}-01`,
  `00-${traceId.toUpperCase()}-${spanId}-01`,
])('%j is no traceparent', (text) => {
  expect(parseTraceParent(text)).toBeUndefined();
});

it('spans of executions and tests have the same ids whoever makes them, and different ones for different things', () => {
  const parent = { traceId, spanId, sampled: true };
  const execution = executionTrace(parent, 7);
  expect(execution).toEqual(executionTrace({ ...parent, spanId: '1111111111111111' }, 7));
  const all = [
    execution,
    executionTrace(parent, 8),
    testTrace(execution, 'a/b', 1),
    testTrace(execution, 'a/b', 2),
    testTrace(execution, 'a', 1),
    testTrace(executionTrace(parent, 8), 'a/b', 1),
  ];
  expect(new Set(all.map((one) => one.spanId)).size).toBe(all.length);
  for (const one of all) expect(parseTraceParent(formatTraceParent(one))).toEqual(one);
});
