import type { Database, RecurringJob } from '@autotest/core/db';
import { requireRole, type Principal } from '../auth/principal.ts';
import { readName } from '../submit/read-name.ts';
import { readSubmission, storeBundle } from '../submit/read-submission.ts';
import { refuseNotify } from '../submit/submit-job.ts';
import type { SubmitJobInput } from '../submit/submit.input.ts';
import { refusalOf, refuseInput, type Refusal } from '../submit/submit.type.ts';
import { readSchedule, scheduleRefusal } from './read-schedule.ts';
import type { AddRecurringInput } from './recurring.input.ts';
import { RecurringSuccessType } from './recurring.type.ts';

/**
 * Takes a job that is to recur: it is read and checked as if it were submitted now.
 *
 * @throws ForbiddenError
 */
export async function addRecurring(
  database: Database,
  principal: Principal,
  input: AddRecurringInput,
): Promise<RecurringSuccessType | Refusal> {
  requireRole(principal, 'user', 'add recurring jobs');
  try {
    const { login: owner } = principal.user;
    checkAgain(input.job);
    refuseNotify(input.job);
    const { bundle, job } = await readSubmission(database, owner, input.job);
    const schedule = readSchedule(input.schedule);
    await storeBundle(database, bundle);
    const { owner: _owner, bundleHash, hostIds: _ids, oneTimeHosts: _hosts, ...wishes } = job;
    const stored: RecurringJob = { ...wishes, hosts: input.job.hosts ?? [] };
    const recurring = await database.recurring.add({
      name: readName(input.name?.trim() || job.name),
      owner,
      bundleHash,
      job: stored,
      schedule,
      missed: input.missed ?? 'once',
      ...(input.times !== undefined && input.times !== null && { remaining: input.times }),
      ...(input.startAt !== undefined && input.startAt !== null && { startAt: input.startAt }),
    });
    return new RecurringSuccessType(recurring);
  } catch (error) {
    return scheduleRefusal(error) ?? refusalOf(error);
  }
}

/** What is for one job only cannot come again. @throws Refused */
function checkAgain({ oneTimeHosts, requestId }: SubmitJobInput): void {
  if (oneTimeHosts?.length)
    refuseInput(
      'oneTimeHosts',
      'A one-time host is for one job only; add it with `autotest host add` for one that recurs.',
    );
  if (requestId) refuseInput('requestId', 'A requestId is of one job; each run of a recurring one is a new job.');
}
