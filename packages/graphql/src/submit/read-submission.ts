import {
  checkParams,
  isPlainObject,
  priorityRank,
  type ControlMetadata,
  type JsonObject,
  type JsonValue,
} from '@autotest/core';
import { bundleToJson, matchesWithinTime, type ControlBundle } from '@autotest/core/bundle';
import type { Database, NewJob } from '@autotest/core/db';
import { chooseHosts } from './choose-hosts.ts';
import { readBundle } from './read-bundle.ts';
import { readLimit } from './read-limit.ts';
import { readName } from './read-name.ts';
import { readWishes } from './read-wishes.ts';
import type { SubmitJobInput } from './submit.input.ts';
import { ParamsInvalidType, Refused, refuseInput } from './submit.type.ts';

const dayMs = 24 * 60 * 60 * 1000;
const maxKeyvalsLength = 64 * 1024;

/** A submission that was checked. Its bundle is to be stored before its job. */
export interface Submission {
  readonly bundle: ControlBundle;
  readonly job: NewJob;
}

/**
 * Reads a submission and checks it against its control file and the fleet.
 *
 * @throws Refused
 */
export async function readSubmission(database: Database, owner: string, input: SubmitJobInput): Promise<Submission> {
  const bundle = await readBundle(database.bundles, input);
  const { metadata } = bundle;
  const params = readParams(metadata, input.params);
  const wishes = readWishes(metadata, input);
  const chosen = await chooseHosts(database, { login: owner, metadata, input, sameValueOf: wishes.sameValueOf });
  const job: NewJob = {
    name: readName(input.name?.trim() || metadata.name),
    owner,
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
    timeoutMs: readLimit('timeout', input.timeout ?? dayMs),
    maxRuntimeMs: readLimit('maxRuntime', input.maxRuntime ?? dayMs),
    ...wishes,
  };
  return { bundle, job };
}

/** Idempotent. */
export function storeBundle({ bundles }: Database, bundle: ControlBundle): Promise<void> {
  const { hash, fileName, source, sizeBytes } = bundle;
  return bundles.put({ hash, fileName, source, json: bundleToJson(bundle), sizeBytes });
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
