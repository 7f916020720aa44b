import { AutotestError } from '@autotest/core';
import type { Connection } from './connect.ts';
import { SubmitJobDocument, type SubmitJobInput, type SubmitJobMutation } from './generated/graphql.ts';

type Answer = SubmitJobMutation['submitJob'];

/** Why a job was not taken. */
export type Refusal = Exclude<Answer, { __typename: 'SubmitJobSuccess' }>;

/** A job that was taken. */
export type SubmittedJob = Extract<Answer, { __typename: 'SubmitJobSuccess' }>;

/** Thrown when a job is not taken: `AT_CONTROL_INVALID`, `AT_PARAMS_INVALID`, `AT_HOSTS_UNAVAILABLE`, `AT_INPUT_INVALID` and others. */
export class JobRefusedError extends AutotestError {
  /** The whole answer, with problems or nearest hosts. */
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.code, refusal.message, { details: { ...refusal } });
    this.name = 'JobRefusedError';
    this.refusal = refusal;
  }
}

/**
 * Submits a job.
 *
 * @throws JobRefusedError ApiError ServerUnreachableError
 */
export async function submitJob(server: Connection, input: SubmitJobInput): Promise<SubmittedJob> {
  const { submitJob: answer } = await server.request(SubmitJobDocument, { input });
  if (answer.__typename !== 'SubmitJobSuccess') throw new JobRefusedError(answer);
  return answer;
}
