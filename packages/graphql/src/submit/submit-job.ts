import { createHash } from 'node:crypto';
import { formatTraceParent } from '@autotest/core';
import type { NewJob } from '@autotest/core/db';
import { requireRole, type Principal } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { planRules, plannedRulesOf } from '../notifications/new-rule.ts';
import { InputInvalidType } from '../schema/user-error.ts';
import { readSubmission, storeBundle } from './read-submission.ts';
import type { SubmitJobInput } from './submit.input.ts';
import { Refused, refusalOf, refuseInput, SubmitJobSuccessType, type Refusal } from './submit.type.ts';

/**
 * Takes a job: reads its bundle, checks it against the fleet, and stores bundle, job, entries and events.
 *
 * @throws ForbiddenError
 */
export async function submitJob(context: ApiContext, input: SubmitJobInput): Promise<SubmitJobSuccessType | Refusal> {
  const principal = principalOf(context);
  requireRole(principal, 'user', 'submit jobs');
  const { database, metrics } = context.services;
  try {
    const requestId = requestIdOf(principal, input.requestId);
    const { bundle, job } = await readSubmission(database, principal.user.login, input);
    const rules = await planRules(database, principal.user.login, input.notify ?? []);
    if (rules instanceof InputInvalidType) throw new Refused(rules);
    await storeBundle(database, bundle);
    const submitted = await database.jobs.submit(
      { ...job, ...traceOf(context) },
      { notify: rules.map(({ rule }) => rule), ...(requestId !== undefined && { requestId }) },
    );
    const { repeated } = submitted;
    metrics.submission(repeated ? 'repeated' : 'accepted');
    context.span?.set({ 'autotest.job.id': submitted.job.id });
    const made = repeated ? [] : await plannedRulesOf(database, submitted.job.id, rules);
    return new SubmitJobSuccessType(submitted.job, repeated, made);
  } catch (error) {
    return noteRefusal(context, refusalOf(error));
  }
}

/** Counts a refusal; gives it. */
export function noteRefusal<T extends Refusal>({ services, span }: ApiContext, refusal: T): T {
  services.metrics.submission(refusal.code);
  span?.set({ 'autotest.refused': refusal.code });
  return refusal;
}

/** The trace that a job goes on with. */
export function traceOf({ span, traceParent }: ApiContext): Pick<NewJob, 'traceParent'> {
  const trace = span ?? traceParent;
  return trace ? { traceParent: formatTraceParent(trace) } : {};
}

/** Request ids are their user's own: nobody finds somebody else's job by guessing one. */
export function requestIdOf({ user }: Principal, requestId: string | null | undefined): string | undefined {
  if (!requestId) return undefined;
  if (requestId.length > 200) refuseInput('requestId', 'The requestId is longer than 200 characters.');
  return createHash('sha256').update(`${user.id} ${requestId}`).digest('hex');
}

/** A suite or a recurring job is told of by rules that filter. @throws Refused */
export function refuseNotify({ notify }: SubmitJobInput): void {
  if (notify?.length)
    refuseInput(
      'notify',
      'Only a job that is submitted by itself can say who is told of it; add a rule with `autotest notify add` for others.',
    );
}
