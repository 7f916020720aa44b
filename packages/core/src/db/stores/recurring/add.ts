import type { NewRecurring, Schedule } from '../../database.ts';
import { ScheduleError } from '../../errors.ts';
import type { RecurringRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { clipName, orNull, toFlag, toJson } from '../../values.ts';
import { recurringRow } from './row.ts';
import { checkSchedule, nextTime } from './schedule.ts';

export function addRecurring(session: Session, recurring: NewRecurring): Promise<RecurringRow> {
  return session.write(async (tx) => {
    const { schedule, startAt } = recurring;
    checkSchedule(schedule, tx.now);
    checkRemaining(recurring.remaining);
    const values = {
      version: 1,
      name: clipName(recurring.name),
      owner: recurring.owner,
      enabled: toFlag(true),
      bundleHash: recurring.bundleHash,
      job: toJson(recurring.job),
      ...scheduleColumns(schedule),
      missed: recurring.missed,
      remaining: orNull(recurring.remaining),
      nextAt: orNull(firstTime(schedule, tx.now, startAt)),
      createdAt: tx.now,
    };
    const { insertId } = await tx.db.insertInto('recurring').values(values).executeTakeFirstOrThrow();
    const id = Number(insertId);
    tx.emit({
      kind: 'recurring.changed',
      data: { recurringId: id, change: 'added', name: values.name, by: recurring.owner },
    });
    return recurringRow({ id, ...values });
  });
}

/** First time from now on, and not before `startAt`. */
export function firstTime(schedule: Schedule, now: number, startAt?: number): number | undefined {
  if (startAt === undefined || startAt < now)
    return schedule.everyMs === undefined ? nextTime(schedule, now, now) : nextTime(schedule, now, startAt ?? now);
  return schedule.everyMs === undefined ? nextTime(schedule, startAt - 1, startAt) : startAt;
}

export function scheduleColumns({ cron, timezone, everyMs }: Schedule) {
  return { cron: orNull(cron?.trim()), timezone: orNull(timezone), everyMs: orNull(everyMs) };
}

/** @throws ScheduleError: it would never be submitted, or for ever against all expectation */
export function checkRemaining(remaining: number | null | undefined): void {
  if (remaining === undefined || remaining === null || (Number.isInteger(remaining) && remaining >= 1)) return;
  throw new ScheduleError(
    `A job cannot recur ${remaining} times; give a number from 1 up, or none for a job that recurs without end.`,
  );
}
