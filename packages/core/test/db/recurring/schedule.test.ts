import { describe, expect, it } from 'vitest';
import { checkSchedule, nextTime, timesUntil } from '../../../src/db/stores/recurring/schedule.ts';
import type { Schedule } from '@autotest/core/db';

const at = (text: string) => Date.parse(text);
const utc = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms).toISOString());

/** The next `count` times. */
function following(schedule: Schedule, from: string, count: number): (string | undefined)[] {
  const times: (string | undefined)[] = [];
  for (let time: number | undefined = at(from); times.length < count && time !== undefined;) {
    time = nextTime(schedule, time, at(from));
    times.push(utc(time));
  }
  return times;
}

describe('a schedule', () => {
  it('means the wall clock of its time zone, across changes of the clock', () => {
    const weekdays = { cron: '0 9 * * 1-5', timezone: 'America/New_York' };
    expect(following(weekdays, '2026-03-05T00:00:00Z', 4)).toEqual([
      '2026-03-05T14:00:00.000Z',
      '2026-03-06T14:00:00.000Z',
      '2026-03-09T13:00:00.000Z',
      '2026-03-10T13:00:00.000Z',
    ]);
  });

  it('is in UTC where it names no time zone', () => {
    expect(following({ cron: '30 2 * * *' }, '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T02:30:00.000Z',
      '2026-03-30T02:30:00.000Z',
    ]);
  });

  it('runs once at the change where the clock leaves its time out', () => {
    expect(following({ cron: '30 2 * * *', timezone: 'Europe/Berlin' }, '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });

  it('runs once where its time comes twice', () => {
    expect(following({ cron: '30 2 * * *', timezone: 'Europe/Berlin' }, '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('of every hour goes on evenly while the clock is put back', () => {
    expect(following({ cron: '0 * * * *', timezone: 'Europe/Berlin' }, '2026-10-24T23:30:00Z', 3)).toEqual([
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ]);
  });

  it('of a span keeps step, however late it is looked at', () => {
    const anchor = at('2026-01-01T00:00:00Z');
    expect(utc(nextTime({ everyMs: 3_600_000 }, anchor, anchor))).toBe('2026-01-01T01:00:00.000Z');
    expect(utc(nextTime({ everyMs: 3_600_000 }, anchor + 9_000_000, anchor))).toBe('2026-01-01T03:00:00.000Z');
    expect(utc(nextTime({ everyMs: 3_600_000 }, anchor - 1, anchor))).toBe('2026-01-01T00:00:00.000Z');
  });

  it('tells which times passed, of many the newest', () => {
    const first = at('2026-01-01T00:00:00Z');
    for (const schedule of [{ everyMs: 60_000 }, { cron: '* * * * *' }]) {
      expect(timesUntil(schedule, first, first - 1, 5)).toEqual([]);
      expect(timesUntil(schedule, first, first, 5)).toEqual([first]);
      expect(timesUntil(schedule, first, first + 120_001, 5)).toEqual([first, first + 60_000, first + 120_000]);
      expect(timesUntil(schedule, first, first + 365 * 86_400_000, 2)).toEqual([
        first + 365 * 86_400_000 - 60_000,
        first + 365 * 86_400_000,
      ]);
    }
  });

  it.each([
    [{ cron: 'nonsense' }, /cannot be read.*write minute, hour/],
    [{ cron: '60 * * * *' }, /cannot be read/],
    [{ cron: '* * * * * *' }, /not five fields/],
    [{ cron: '2031-01-01T00:00:00' }, /not five fields/],
    [{ cron: '0 0 30 2 *' }, /never comes/],
    [{ cron: '0 0 * * *', timezone: 'Mars/Base' }, /no time zone "Mars\/Base"/],
    [{ everyMs: 0 }, /from a second to a year/],
    [{ everyMs: Number.NaN }, /from a second to a year/],
    [{ everyMs: 1e12 }, /from a second to a year/],
  ])('is refused as %j', (schedule, message) => {
    expect(() => checkSchedule(schedule, at('2026-01-01T00:00:00Z'))).toThrow(
      expect.objectContaining({ code: 'AT_SCHEDULE', message: expect.stringMatching(message) }),
    );
  });
});
