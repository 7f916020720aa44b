import { ScheduleError, type Schedule } from '@autotest/core/db';
import { InputInvalidType } from '../schema/user-error.ts';
import { refuseInput } from '../submit/submit.type.ts';
import type { ScheduleInput } from './recurring.input.ts';

/** @throws Refused */
export function readSchedule({ cron, timezone, every }: ScheduleInput): Schedule {
  const hasEvery = every !== undefined && every !== null;
  if (cron && hasEvery) refuseInput('schedule', 'Give a cron expression or every, not both.');
  if (cron) return timezone ? { cron, timezone } : { cron };
  if (timezone) refuseInput('schedule', 'A time zone belongs to a cron expression.');
  if (hasEvery) return { everyMs: every };
  return refuseInput('schedule', 'Say when it recurs: a cron expression, or every.');
}

/** The answer that a schedule becomes which cannot be; undefined for other errors. */
export function scheduleRefusal(error: unknown): InputInvalidType | undefined {
  if (!(error instanceof ScheduleError)) return undefined;
  return new InputInvalidType(error.message, ['input', 'schedule'], error.code);
}
