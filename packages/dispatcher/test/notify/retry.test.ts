import { describe, expect, it } from 'vitest';
import { retryDelayMs } from '../../src/notify/retry.ts';
import { parseRetryAfter } from '../../src/notify/webhook/retry-after.ts';

const limits = { maxAttempts: 6, firstRetryMs: 10_000, maxRetryMs: 1_000_000 };

describe('the delay before the next attempt', () => {
  it('grows up to its limit, spread over its second half, and ends with the last attempt', () => {
    const delays = (random: number) => [1, 2, 3, 4, 5, 6].map((attempts) => retryDelayMs(attempts, limits, 0, random));
    expect(delays(1)).toEqual([10_000, 40_000, 160_000, 640_000, 1_000_000, undefined]);
    expect(delays(0)).toEqual([5000, 20_000, 80_000, 320_000, 500_000, undefined]);
  });

  it('is at least what the receiver asks for, but no longer than a day', () => {
    expect(retryDelayMs(1, limits, 60_000)).toBe(60_000);
    expect(retryDelayMs(1, limits, 1, 1)).toBe(10_000);
    expect(retryDelayMs(1, limits, 1e12)).toBe(86_400_000);
    expect(retryDelayMs(6, limits, 60_000)).toBeUndefined();
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2030, 0, 1, 12);
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Tue, 01 Jan 2030 12:00:30 GMT', 30_000],
    ['Tue, 01 Jan 2030 11:00:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    [undefined, undefined],
  ])('%j is read as %j', (header, ms) => {
    expect(parseRetryAfter(header, now)).toBe(ms);
  });
});
