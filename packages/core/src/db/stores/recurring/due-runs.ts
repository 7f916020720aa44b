import type { RecurringRow } from '../../rows.ts';
import type { Schedule } from '../../database.ts';
import { nextTime, timesUntil } from './schedule.ts';

/** So late a run still counts as on time. */
const onTimeMs = 60_000;
/** Most missed runs that are made up for. */
const maxRuns = 100;

export interface DueRuns {
  /** Times for which something is to be submitted, in order. */
  readonly times: readonly number[];
  /** What is left out. */
  readonly note?: string;
  /** Next time after `now`; undefined: never again. */
  readonly nextAt: number | undefined;
}

/**
 * What is to be done at `now` of a recurring job whose time has come. A run is missed when it is more than a minute late or when a later one is due as well: `skip` leaves
 * missed ones out, `once` makes up for all of them with one, `all` for each, 100 at the most. What is left out does not count against `remaining`.
 */
export function dueRuns(row: RecurringRow, now: number): DueRuns {
  const schedule = scheduleOf(row);
  const first = row.nextAt ?? now;
  const due = timesUntil(schedule, first, now, maxRuns + 1);
  const wanted = wantedOf(row, due, now).slice(0, row.remaining);
  const isOver = row.remaining !== undefined && wanted.length >= row.remaining;
  const leftOut = due.length - wanted.length;
  return {
    times: wanted,
    ...(leftOut > 0 && !isOver && { note: noteOn(row, due.length, wanted.length) }),
    nextAt: isOver ? undefined : nextTime(schedule, now, first),
  };
}

export function scheduleOf({ cron, timezone, everyMs }: RecurringRow): Schedule {
  if (cron === undefined) return { everyMs: everyMs ?? 0 };
  return timezone === undefined ? { cron } : { cron, timezone };
}

function wantedOf({ missed }: RecurringRow, due: readonly number[], now: number): readonly number[] {
  if (missed === 'all') return due.slice(-maxRuns);
  const newest = due.slice(-1);
  return missed === 'once' ? newest : newest.filter((time) => now - time <= onTimeMs);
}

function noteOn({ missed }: RecurringRow, due: number, wanted: number): string {
  const many = due > maxRuns ? `more than ${maxRuns}` : `${due}`;
  return `${many} runs were due; ${wanted} submitted, the others left out (missed runs: ${missed}).`;
}
