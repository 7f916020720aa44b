import type { Database } from '@autotest/core/db';
import { InputInvalidType } from '../schema/user-error.ts';
import { readName } from '../submit/read-name.ts';
import { Refused } from '../submit/submit.type.ts';
import { readSchedule, scheduleRefusal } from './read-schedule.ts';
import type { UpdateRecurringInput } from './recurring.input.ts';
import { RecurringSuccessType } from './recurring.type.ts';

/** Changes a recurring job, or says what is wrong with the change. */
export async function updateRecurring(
  database: Database,
  id: number,
  { name, enabled, schedule, missed, times }: UpdateRecurringInput,
  by: string,
): Promise<RecurringSuccessType | InputInvalidType> {
  try {
    const patch = {
      ...(name && { name: readName(name) }),
      ...(enabled !== undefined && enabled !== null && { enabled }),
      ...(schedule && { schedule: readSchedule(schedule) }),
      ...(missed && { missed }),
      ...(times !== undefined && times !== null && { remaining: times }),
    };
    return new RecurringSuccessType(await database.recurring.update(id, patch, by));
  } catch (error) {
    const invalid = scheduleRefusal(error);
    if (invalid) return invalid;
    if (error instanceof Refused && error.refusal instanceof InputInvalidType) return error.refusal;
    throw error;
  }
}
