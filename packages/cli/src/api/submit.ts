import { checkParams, coerceParams, parseDuration } from '@autotest/core';
import {
  JobRefusedError,
  submitJob,
  type Connection,
  type Refusal,
  type SubmitJobInput,
  type SubmittedJob,
} from '@autotest/graphql/client';
import type { Argv } from 'yargs';
import { noteSecret } from '../commands/notify.ts';
import { parsePairs } from '../commands/params.ts';
import { RefusedError } from '../errors.ts';

/** Options of every command that submits a job. */
export interface SubmitArguments {
  control: string;
  host: string[];
  any: number | undefined;
  needs: string | undefined;
  name: string | undefined;
  param: string[];
  keyval: string[];
  priority: 'low' | 'medium' | 'high' | 'urgent' | undefined;
  timeout: string | undefined;
  'max-runtime': string | undefined;
  'request-id': string | undefined;
  notify: string[];
}

export function submitOptions<T>(cli: Argv<T>) {
  return cli
    .positional('control', { type: 'string', demandOption: true, describe: 'control file' })
    .option('host', {
      alias: 'm',
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'run on this host (repeat for several)',
    })
    .option('any', {
      alias: 'n',
      type: 'number',
      describe: 'run on that many hosts to be chosen; default 1 where no host is named',
    })
    .option('needs', { type: 'string', describe: 'label expression that hosts must fulfil' })
    .option('name', { type: 'string', describe: 'name of the job; default: of the control file' })
    .option('param', {
      alias: 'p',
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'name=value of a declared parameter',
    })
    .option('keyval', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'name=value kept with the job',
    })
    .option('priority', { choices: ['low', 'medium', 'high', 'urgent'] as const })
    .option('timeout', { type: 'string', describe: 'of the job from now on, such as 2h' })
    .option('max-runtime', { type: 'string', describe: 'of each execution, such as 30m' })
    .option('request-id', { type: 'string', describe: 'submitting again with the same id gives the same job' })
    .option('notify', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'who is told when the job ends: an address of mail or the URL of a webhook (repeat for several)',
    });
}

/** Bundles a control file and submits it. @throws RefusedError with everything the server says against it */
export async function submit(server: Connection, args: SubmitArguments): Promise<SubmittedJob['job']> {
  const { bundleControl, bundleToJson } = await import('@autotest/core/bundle');
  const bundle = await bundleControl({ entryPath: args.control });
  const schema = bundle.metadata.params ?? {};
  const coerced = coerceParams(schema, parsePairs(args.param, 'param'));
  const { params, problems } = checkParams(schema, coerced.args);
  const wrong = coerced.problems.length > 0 ? coerced.problems : problems;
  if (wrong.length > 0) {
    throw new RefusedError(
      'AT_PARAMS_INVALID',
      `${args.control} does not take these parameters:`,
      wrong.map(({ message, remedy }) => `${message} ${remedy}`.trim()),
    );
  }
  const input: SubmitJobInput = {
    bundle: bundleToJson(bundle),
    hosts: args.host,
    params,
    keyvals: parsePairs(args.keyval, 'keyval'),
    ...(args.any !== undefined && { anyHosts: args.any }),
    ...(args.needs !== undefined && { needs: args.needs }),
    ...(args.name !== undefined && { name: args.name }),
    ...(args.priority !== undefined && { priority: args.priority }),
    ...(args.timeout !== undefined && { timeout: parseDuration(args.timeout) }),
    ...(args['max-runtime'] !== undefined && { maxRuntime: parseDuration(args['max-runtime']) }),
    ...(args['request-id'] !== undefined && { requestId: args['request-id'] }),
    ...(args.notify.length > 0 && { notify: args.notify }),
  };
  return submitInput(server, input);
}

/** Submits a job. @throws RefusedError with everything the server says against it */
export async function submitInput(server: Connection, input: SubmitJobInput): Promise<SubmittedJob['job']> {
  try {
    const { job, notifications } = await submitJob(server, input);
    for (const { rule, secret } of notifications) if (secret !== null) noteSecret(rule.target, secret);
    return job;
  } catch (error) {
    if (error instanceof JobRefusedError) throw new RefusedError(error.code, error.message, hintsOf(error.refusal));
    throw error;
  }
}

function hintsOf(refusal: Refusal): string[] {
  switch (refusal.__typename) {
    case 'ControlInvalid':
      return refusal.controlProblems.map(
        ({ line, column, message, remedy }) => `${line}:${column}: ${message} ${remedy}`,
      );
    case 'ParamsInvalid':
      return [...refusal.problems];
    case 'HostsUnavailable':
      return refusal.nearest.map(
        ({ host, unmet }) => `${host}: ${unmet.length === 0 ? 'fits' : `lacks ${unmet.join(', ')}`}`,
      );
    default:
      return [];
  }
}
