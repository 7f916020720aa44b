import type { NewSuiteJob } from '@autotest/core/db';
import { requireRole } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { readName } from '../submit/read-name.ts';
import { readSubmission, storeBundle, type Submission } from '../submit/read-submission.ts';
import { noteRefusal, refuseNotify, requestIdOf, traceOf } from '../submit/submit-job.ts';
import { refusalOf, Refused, refuseInput, type Refusal } from '../submit/submit.type.ts';
import type { CreateSuiteInput, SuiteJobInput } from './suite.input.ts';
import { CreateSuiteSuccessType } from './suite.type.ts';

const maxJobs = 100;

/**
 * Takes a suite: all of its jobs, or none.
 *
 * @throws ForbiddenError
 */
export async function createSuite(
  context: ApiContext,
  input: CreateSuiteInput,
): Promise<CreateSuiteSuccessType | Refusal> {
  const principal = principalOf(context);
  const { database, metrics } = context.services;
  requireRole(principal, 'user', 'submit suites');
  try {
    const requestId = requestIdOf(principal, input.requestId);
    const { login: owner } = principal.user;
    const name = readName(input.name);
    const indexOf = readKeys(input.jobs);
    const submissions: Submission[] = [];
    const jobs: NewSuiteJob[] = [];
    for (const [index, one] of input.jobs.entries()) {
      const submission = await atJob(one, index, () => {
        refuseNotify(one.job);
        return readSubmission(database, owner, one.job);
      });
      const afterSiblings = (one.afterSiblings ?? []).map(({ sibling, when }) => ({
        index: indexOf(sibling),
        when: when ?? ('passed' as const),
      }));
      submissions.push(submission);
      jobs.push({ job: { ...submission.job, ...traceOf(context) }, afterSiblings });
    }
    for (const { bundle } of submissions) await storeBundle(database, bundle);
    const created = await database.suites.create({ name, owner, jobs }, requestId === undefined ? {} : { requestId });
    for (const _job of created.jobs) metrics.submission(created.repeated ? 'repeated' : 'accepted');
    return new CreateSuiteSuccessType(created.suite, created.repeated);
  } catch (error) {
    return noteRefusal(context, refusalOf(error));
  }
}

/** Gives the position of a job by its key, or by its position as text. */
function readKeys(jobs: readonly SuiteJobInput[]): (sibling: string) => number {
  if (jobs.length === 0 || jobs.length > maxJobs)
    refuseInput('jobs', `The suite has ${jobs.length} jobs; give 1 to ${maxJobs}.`);
  const indices = new Map<string, number>();
  for (const [index, { key }] of jobs.entries()) {
    if (key && indices.has(key)) refuseInput('jobs', `Two jobs of the suite have the key ${JSON.stringify(key)}.`);
    if (key) indices.set(key, index);
  }
  return (sibling) => {
    const index = indices.get(sibling) ?? (/^\d{1,3}$/.test(sibling) ? Number(sibling) : undefined);
    if (index !== undefined && index < jobs.length) return index;
    const known = [...indices.keys()].join(', ') || `positions 0 to ${jobs.length - 1}`;
    return refuseInput('jobs', `The suite has no job ${JSON.stringify(sibling.slice(0, 60))}; it has ${known}.`);
  };
}

/** Says of a refusal which job it is about. */
async function atJob<T>({ key }: SuiteJobInput, index: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { refusal } = error;
    const [, ...field] = refusal.path ?? [];
    throw new Refused(
      Object.assign(refusal, {
        message: `Job ${key ?? index} of the suite: ${refusal.message}`,
        path: ['input', 'jobs', String(index), 'job', ...field],
      }),
    );
  }
}
