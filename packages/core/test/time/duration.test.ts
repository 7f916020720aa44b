import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/time/duration.ts';

test.each([
  [1500, 1500],
  [0, 0],
  ['5 minutes', 300_000],
  ['1h30m', 5_400_000],
  ['1 h 05 min', 3_900_000],
  ['90 s', 90_000],
  ['1.5 hours', 5_400_000],
  ['2 weeks, 1 day', 1_296_000_000],
  ['250ms', 250],
  ['1 MIN', 60_000],
  ['PT5M', 300_000],
  ['P1DT2H3.5S', 93_603_500],
  ['p2w', 1_209_600_000],
])('%j is %d ms.', (duration, ms) => {
  expect(parseDuration(duration)).toBe(ms);
});

test.each([
  '',
  '5',
  'soon',
  '5 parsecs',
  '-5 s',
  '5 s 1 h',
  '1 s 2 s',
  'P',
  'PT',
  'P1Y',
  'PT5',
  '5 minutes or so',
  'x5 s',
  '99999999999999 weeks',
  `${'1'.repeat(200)} s`,
  -1,
  Number.NaN,
])('%j is no duration.', (duration) => {
  expect(() => parseDuration(duration)).toThrow(expect.objectContaining({ code: 'AT_DURATION' }));
});

test('A number without a unit in text is answered with the units it could have.', () => {
  expect(() => parseDuration('30')).toThrow("'30' has no unit. Write for instance '30 s' or '30 minutes'.");
});

test.each([
  [0, '0 ms'],
  [250, '250 ms'],
  [999.6, '1 s'],
  [3200, '3.2 s'],
  [59_960, '1 min'],
  [303_000, '5 min 03 s'],
  [3_599_600, '1 h'],
  [3_900_000, '1 h 05 min'],
  [183_600_000, '2 d 03 h'],
  [86_399_999, '1 d'],
  [-1500, '-1.5 s'],
  [Infinity, 'unlimited'],
  [Number.NaN, 'unknown'],
])('%d ms reads as %s.', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('What is printed reads back as nearly the same span.', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e12 }), (ms) => {
      const back = parseDuration(formatDuration(ms));
      expect(Math.abs(back - ms)).toBeLessThanOrEqual(Math.max(50, ms * 0.025));
    }),
  );
});
