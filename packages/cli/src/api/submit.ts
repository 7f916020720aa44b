import {
  JobRefusedError,
  submitJob,
  type Connection,
  type Refusal,
  type SubmitJobInput,
  type SubmittedJob,
} from '@autotest/graphql/client';
import { noteSecret } from '../commands/notify.ts';
import { RefusedError } from '../errors.ts';
import { submissionOf } from './submission.ts';
import type { SubmitArguments } from './submit-options.ts';

/** Bundles a control file and submits it. @throws RefusedError with everything the server says against it */
export async function submit(server: Connection, args: SubmitArguments): Promise<SubmittedJob['job']> {
  return submitInput(server, await submissionOf(args));
}

/** Submits a job. @throws RefusedError with everything the server says against it */
export async function submitInput(server: Connection, input: SubmitJobInput): Promise<SubmittedJob['job']> {
  try {
    const { job, notifications } = await submitJob(server, input);
    for (const { rule, secret } of notifications) if (secret !== null) noteSecret(rule.target, secret);
    return job;
  } catch (error) {
    throw error instanceof JobRefusedError ? refusedError(error.refusal) : error;
  }
}

/** What the server says against a submission, as an error. */
export function refusedError(refusal: Refusal): RefusedError {
  return new RefusedError(refusal.code, refusal.message, hintsOf(refusal));
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
