import { isLabelKey, maxRetries, parseDuration, type ControlMetadata } from '@autotest/core';
import type { JobDependency, NewJob } from '@autotest/core/db';
import { rowId } from '../schema/arguments.ts';
import { readLimit } from './read-limit.ts';
import type { SubmitJobInput } from './submit.input.ts';
import { refuseInput } from './submit.type.ts';

const longestReserveMs = 30 * 24 * 60 * 60 * 1000;
const maxDependencies = 100;

type Wishes = Pick<
  NewJob,
  | 'retries'
  | 'infraRetries'
  | 'idleTimeoutMs'
  | 'sameValueOf'
  | 'provision'
  | 'pool'
  | 'reserveOn'
  | 'reserveMs'
  | 'after'
>;

/**
 * How a job is to be treated besides where and how long it runs. The submission goes before the control file.
 *
 * @throws Refused
 */
export function readWishes(metadata: ControlMetadata, input: SubmitJobInput): Wishes {
  const sameValueOf = input.sameValueOf?.trim() || metadata.sameValueOf;
  const provision = readText('provision', input.provision, /^\P{Cc}{1,200}$/u, 'have 1 to 200 printable characters');
  const pool = readText('pool', input.pool, /^[\w.-]{1,100}$/, 'be made of letters, digits and _.- only');
  if (sameValueOf !== undefined && !isLabelKey(sameValueOf))
    refuseInput('sameValueOf', 'sameValueOf must be the key of a label, what stands before its colon, such as rack.');
  return {
    retries: readRetries('retries', input.retries ?? metadata.retries ?? 0),
    infraRetries: readRetries('infraRetries', input.infraRetries ?? metadata.infraRetries ?? 1),
    idleTimeoutMs: readLimit('idleTimeout', input.idleTimeout ?? parseDuration(metadata.idleTimeout ?? 0)),
    ...readReserve(input),
    ...(sameValueOf !== undefined && { sameValueOf }),
    ...(provision !== undefined && { provision }),
    ...(pool !== undefined && { pool }),
    after: readAfter(input.after ?? []),
  };
}

function readRetries(field: string, retries: number): number {
  if (retries >= 0 && retries <= maxRetries) return retries;
  return refuseInput(field, `${field} is ${retries}; give a number from 0 to ${maxRetries}.`);
}

function readText(field: string, given: string | null | undefined, pattern: RegExp, must: string): string | undefined {
  const text = given?.trim();
  if (!text) return undefined;
  return pattern.test(text) ? text : refuseInput(field, `The ${field} must ${must}.`);
}

function readReserve({ reserveOn, reserveFor }: SubmitJobInput): Pick<Wishes, 'reserveOn' | 'reserveMs'> {
  const isWanted = reserveOn !== undefined && reserveOn !== null && reserveOn !== 'never';
  if (!isWanted) {
    if (reserveFor) refuseInput('reserveOn', 'Say when you want to keep the hosts: reserveOn failure or always.');
    return { reserveOn: 'never', reserveMs: 0 };
  }
  const reserveMs = readLimit('reserveFor', reserveFor ?? 0);
  if (reserveMs === 0 || reserveMs > longestReserveMs)
    refuseInput('reserveFor', 'Say how long you want to keep the hosts, at most 30 days.');
  return { reserveOn, reserveMs };
}

function readAfter(given: NonNullable<SubmitJobInput['after']>): JobDependency[] {
  if (given.length > maxDependencies)
    refuseInput('after', `The job waits for ${given.length} others, more than the ${maxDependencies} allowed.`);
  const after = given.map(({ job, when }) => ({
    jobId: rowId(job) ?? refuseInput('after', `${JSON.stringify(job.slice(0, 60))} is no job; give the number of one.`),
    when: when ?? ('passed' as const),
  }));
  const twice = after.find(({ jobId }, index) => after.findIndex((other) => other.jobId === jobId) < index);
  if (twice) refuseInput('after', `Job ${twice.jobId} is named twice.`);
  return after;
}
