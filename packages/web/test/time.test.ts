import { describe, expect, test } from 'vitest';
import { formatBytes, formatDuration, formatNumber, relativeTime } from '../src/model/time.ts';

describe('times and numbers for people', () => {
  test.each([
    [0, '0ms'],
    [40, '40ms'],
    [1234, '1.2s'],
    [12_900, '12s'],
    [65_000, '1m 5s'],
    [120_000, '2m'],
    [7_380_000, '2h 3m'],
    [273_600_000, '3d 4h'],
    [-5, '0s'],
  ])('%i ms is shown as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test.each([
    [0, 'now'],
    [12_000, '12s ago'],
    [300_000, '5m ago'],
    [10_800_000, '3h ago'],
    [172_800_000, '2d ago'],
    [-90_000, 'in 1m'],
  ])('an age of %i ms is shown as %s', (ageMs, text) => {
    const nowMs = Date.parse('2026-03-01T12:00:00Z');
    expect(relativeTime(nowMs - ageMs, nowMs)).toBe(text);
  });

  test('what is older than a month is shown by its date', () => {
    expect(relativeTime(Date.parse('2026-01-02T03:04:05Z'), Date.parse('2026-03-01T12:00:00Z'))).toBe('2026-01-02');
  });

  test.each([
    [12, '12 B'],
    [4200, '4.2 kB'],
    [17_400_000, '17 MB'],
    [999_600, '1.0 MB'],
  ])('%i bytes are shown as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test.each([
    [12, '12'],
    [1_234_567, '1\u2009234\u2009567'],
    [2.5000123, '2.5'],
    [0.000012345, '1.234e-5'],
    [0, '0'],
  ])('the number %d is shown as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});
