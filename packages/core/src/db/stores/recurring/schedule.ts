import { Cron } from 'croner';
import { messageOf } from '../../../errors/autotest-error.ts';
import { formatDuration } from '../../../time/duration.ts';
import type { Schedule } from '../../database.ts';
import { ScheduleError } from '../../errors.ts';

/*
 * When something recurs.
 *
 * A cron expression means times of a wall clock in a time zone. Where that clock is put forward, a time of day that it leaves out comes at the moment of the change;
 * where it is put back, a time of day that comes twice counts once, while `every hour` and the like go on evenly.
 */

const shortestMs = 1000;
const longestMs = 366 * 24 * 60 * 60 * 1000;

/**
 * Makes sure that a schedule can be read and comes at all.
 *
 * @throws ScheduleError
 */
export function checkSchedule(schedule: Schedule, now: number): void {
  if (schedule.everyMs !== undefined) {
    if (Number.isInteger(schedule.everyMs) && schedule.everyMs >= shortestMs && schedule.everyMs <= longestMs) return;
    throw new ScheduleError(
      `A job cannot recur every ${formatDuration(schedule.everyMs)}; give a time from a second to a year.`,
    );
  }
  if (nextTime(schedule, now, now) === undefined)
    throw new ScheduleError(
      `The time ${JSON.stringify(schedule.cron)} never comes; see day and month of the cron expression.`,
    );
}

/**
 * First time after `after`. What recurs every so often keeps step with `anchor`, one of its times.
 *
 * @throws ScheduleError
 */
export function nextTime(schedule: Schedule, after: number, anchor: number): number | undefined {
  if (schedule.everyMs === undefined) return cronOf(schedule).nextRun(new Date(after))?.getTime();
  if (after < anchor) return anchor;
  return anchor + (Math.floor((after - anchor) / schedule.everyMs) + 1) * schedule.everyMs;
}

/** Times from `first`, which is one, to `last`; of many the newest `max`. In order. */
export function timesUntil(schedule: Schedule, first: number, last: number, max: number): number[] {
  if (last < first) return [];
  if (schedule.everyMs === undefined) {
    // What is given lies before the moment that is asked for.
    const times = cronOf(schedule).previousRuns(max, new Date(last + 1));
    const within = times.map((time) => time.getTime()).filter((time) => time > first);
    return [...(within.length < max ? [first] : []), ...within.reverse()];
  }
  const { everyMs } = schedule;
  const newest = Math.floor((last - first) / everyMs);
  const count = Math.min(max, newest + 1);
  return Array.from({ length: count }, (_, index) => first + (newest - count + 1 + index) * everyMs);
}

type CronSchedule = Extract<Schedule, { readonly cron: string }>;

function cronOf({ cron, timezone = 'UTC' }: CronSchedule): Cron {
  if (!isTimeZone(timezone))
    throw new ScheduleError(
      `There is no time zone ${JSON.stringify(timezone)}; write for instance Europe/Berlin or UTC.`,
    );
  try {
    // Other things than fields and names are not for people: a date comes once, and never again.
    if (!/^(\S+\s+){4}\S+$|^@\w+$/.test(cron.trim())) throw new Error('it has not five fields');
    return new Cron(cron.trim(), { timezone, mode: '5-part', paused: true });
  } catch (error) {
    throw new ScheduleError(
      `The cron expression ${JSON.stringify(cron.slice(0, 100))} cannot be read (${messageOf(error)}); write minute, hour, day of month, month and day of week, such as "30 2 * * 1-5".`,
    );
  }
}

function isTimeZone(timezone: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
