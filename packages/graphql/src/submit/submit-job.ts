import { createHash } from 'node:crypto';
import {
  checkParams,
  formatTraceParent,
  isPlainObject,
  priorityRank,
  type ControlMetadata,
  type JsonObject,
  type JsonValue,
  type TraceContext,
} from '@autotest/core';
import { bundleToJson, matchesWithinTime } from '@autotest/core/bundle';
import type { Database } from '@autotest/core/db';
import { requireRole, type Principal } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { planRules, plannedRulesOf } from '../notifications/new-rule.ts';
import { InputInvalidType } from '../schema/user-error.ts';
import { chooseHosts } from './choose-hosts.ts';
import { readBundle } from './read-bundle.ts';
import type { SubmitJobInput } from './submit.input.ts';
import { ParamsInvalidType, Refused, refuseInput, SubmitJobSuccessType, type Refusal } from './submit.type.ts';

const dayMs = 24 * 60 * 60 * 1000;
const longestMs = 365 * dayMs;
const maxKeyvalsLength = 64 * 1024;

/**
 * Takes a job: reads its bundle, checks it against the fleet, and stores bundle, job, entries and events.
 *
 * @throws ForbiddenError
 */
export async function submitJob(context: ApiContext, input: SubmitJobInput): Promise<SubmitJobSuccessType | Refusal> {
  const principal = principalOf(context);
  requireRole(principal, 'user', 'submit jobs');
  const { services, span } = context;
  try {
    const taken = await take(services.database, principal, input, span ?? context.traceParent);
    services.metrics.submission(taken.repeated ? 'repeated' : 'accepted');
    span?.set({ 'autotest.job.id': taken.job.id });
    return taken;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    services.metrics.submission(error.refusal.code);
    span?.set({ 'autotest.refused': error.refusal.code });
    return error.refusal;
  }
}

// oxlint-disable-next-line max-params -- what a job is made of
async function take(
  database: Database,
  principal: Principal,
  input: SubmitJobInput,
  trace: TraceContext | undefined,
): Promise<SubmitJobSuccessType> {
  const requestId = requestIdOf(principal, input.requestId);
  const bundle = await readBundle(database.bundles, input);
  const { metadata } = bundle;
  const params = readParams(metadata, input.params);
  const chosen = await chooseHosts(database, principal.user.login, metadata, input);
  const fields = {
    name: readName(input.name, metadata),
    owner: principal.user.login,
    account: principal.user.team ?? principal.user.login,
    priority: priorityRank[input.priority ?? 'medium'],
    bundleHash: bundle.hash,
    metadata,
    params,
    keyvals: readKeyvals(input.keyvals),
    ...(input.needs?.trim() && { needs: input.needs.trim() }),
    ...chosen,
    runVerify: metadata.verify ?? true,
    rebootBefore: input.rebootBefore ?? 'never',
    rebootAfter: input.rebootAfter ?? 'never',
    timeoutMs: readLimit('timeout', input.timeout),
    maxRuntimeMs: readLimit('maxRuntime', input.maxRuntime),
    ...(trace && { traceParent: formatTraceParent(trace) }),
  } as const;
  const rules = await planRules(database, principal.user.login, input.notify ?? []);
  if (rules instanceof InputInvalidType) throw new Refused(rules);
  await database.bundles.put({
    hash: bundle.hash,
    fileName: bundle.fileName,
    source: bundle.source,
    json: bundleToJson(bundle),
    sizeBytes: bundle.sizeBytes,
  });
  const { job, repeated } = await database.jobs.submit(fields, {
    notify: rules.map(({ rule }) => rule),
    ...(requestId !== undefined && { requestId }),
  });
  return new SubmitJobSuccessType(job, repeated, repeated ? [] : await plannedRulesOf(database, job.id, rules));
}

/** Request ids are their user's own: nobody finds somebody else's job by guessing one. */
function requestIdOf({ user }: Principal, requestId: string | null | undefined): string | undefined {
  if (!requestId) return undefined;
  if (requestId.length > 200) refuseInput('requestId', 'The requestId is longer than 200 characters.');
  return createHash('sha256').update(`${user.id} ${requestId}`).digest('hex');
}

function readParams(metadata: ControlMetadata, given: JsonValue | undefined): Record<string, JsonValue> {
  const { params, problems } = checkParams(metadata.params, readObject('params', given), {
    matches: matchesWithinTime,
  });
  if (problems.length > 0)
    throw new Refused(new ParamsInvalidType(problems.map(({ message, remedy }) => `${message} ${remedy}`.trimEnd())));
  return params;
}

function readKeyvals(given: JsonValue | undefined): JsonObject {
  const keyvals = readObject('keyvals', given);
  if (JSON.stringify(keyvals).length > maxKeyvalsLength) refuseInput('keyvals', 'The keyvals are larger than 64 KiB.');
  for (const [key, value] of Object.entries(keyvals)) {
    if (!/^[\w.:/-]{1,200}$/.test(key))
      refuseInput(
        'keyvals',
        `The key ${JSON.stringify(key.slice(0, 60))} is not made of letters, digits and _.:/- only.`,
      );
    if (typeof value === 'object' && value !== null)
      refuseInput('keyvals', `The value of ${key} must be a text, a number, true, false or null.`);
  }
  return keyvals;
}

function readObject(field: string, value: JsonValue | undefined): JsonObject {
  if (value === undefined || value === null) return {};
  if (!isPlainObject(value)) refuseInput(field, `The ${field} must be an object.`);
  return value;
}

function readName(name: string | null | undefined, metadata: ControlMetadata): string {
  const text = name?.trim() || metadata.name;
  if (/^\P{Cc}{1,200}$/u.test(text)) return text;
  return refuseInput('name', 'The name must have 1 to 200 printable characters.');
}

/** 0 is no limit. */
function readLimit(field: string, ms: number | null | undefined): number {
  const limit = ms ?? dayMs;
  if (limit > longestMs) refuseInput(field, `The ${field} is longer than a year.`);
  if (limit > 0 && limit < 1000)
    refuseInput(field, `The ${field} is shorter than a second; it is given in milliseconds.`);
  return limit;
}
