import { checkParams, coerceParams, parseDuration } from '@autotest/core';
import type { JobDependencyInput, SubmitJobInput } from '@autotest/graphql/client';
import { parsePairs } from '../commands/params.ts';
import { RefusedError, UsageError } from '../errors.ts';
import { parseOneTimeHost } from './one-time-host.ts';
import type { SubmitArguments, WishArguments } from './submit-options.ts';

/**
 * Bundles a control file and gives what is to be submitted.
 *
 * @throws RefusedError for parameters that the control file does not take; UsageError for options that cannot be read
 */
export async function submissionOf(args: SubmitArguments): Promise<SubmitJobInput> {
  return {
    ...(await wishedSubmission(args.control, args)),
    oneTimeHosts: args['one-time'].map(parseOneTimeHost),
    ...(args['request-id'] !== undefined && { requestId: args['request-id'] }),
    ...(args.notify.length > 0 && { notify: args.notify }),
  };
}

/** As {@link submissionOf}, of what can be submitted several times. */
export async function wishedSubmission(control: string, args: WishArguments): Promise<SubmitJobInput> {
  const { bundleControl, bundleToJson } = await import('@autotest/core/bundle');
  const bundle = await bundleControl({ entryPath: control });
  const schema = bundle.metadata.params ?? {};
  const coerced = coerceParams(schema, parsePairs(args.param, 'param'));
  const { params, problems } = checkParams(schema, coerced.args);
  const wrong = coerced.problems.length > 0 ? coerced.problems : problems;
  if (wrong.length > 0) {
    throw new RefusedError(
      'AT_PARAMS_INVALID',
      `${control} does not take these parameters:`,
      wrong.map(({ message, remedy }) => `${message} ${remedy}`.trim()),
    );
  }
  return {
    bundle: bundleToJson(bundle),
    hosts: args.host,
    params,
    keyvals: parsePairs(args.keyval, 'keyval'),
    after: args.after.map(parseDependency),
    ...optional({
      anyHosts: args.any,
      needs: args.needs,
      name: args.name,
      priority: args.priority,
      timeout: duration(args.timeout),
      maxRuntime: duration(args['max-runtime']),
      idleTimeout: duration(args['idle-timeout']),
      retries: wholeNumber('retries', args.retries),
      infraRetries: wholeNumber('infra-retries', args['infra-retries']),
      sameValueOf: args['same-value-of'],
      provision: args.provision,
      reserveOn: args['reserve-on'],
      reserveFor: duration(args['reserve-for']),
      pool: args.pool,
    }),
  };
}

/** `7`, `7:passed` or `7:finished`. */
export function parseDependency(text: string): JobDependencyInput {
  const [, job, when = 'passed'] = /^(\d+)(?::(passed|finished))?$/.exec(text) ?? [];
  if (job === undefined || (when !== 'passed' && when !== 'finished'))
    throw new UsageError(
      `Write the number of a job to wait for, such as 7:passed or 7:finished, not ${JSON.stringify(text)}.`,
    );
  return { job, when };
}

function duration(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}

/** @throws UsageError */
export function wholeNumber(option: string, number: number | undefined): number | undefined {
  if (number === undefined || Number.isInteger(number)) return number;
  throw new UsageError(`--${option} takes a whole number.`);
}

/** The fields that have a value. */
function optional(fields: Partial<SubmitJobInput>): Partial<SubmitJobInput> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
