import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isJsonValue, isPlainObject, messageOf, parseDuration, type JsonObject, type JsonValue } from '@autotest/core';
import type { CreateSuiteInput, SuiteJobInput } from '@autotest/graphql/client';
import { parse } from 'yaml';
import { UsageError } from '../errors.ts';
import { parseDependency } from './submission.ts';

/*
 * A suite as a file, in YAML or JSON:
 *
 *   name: nightly
 *   jobs:
 *     - key: build
 *       control: build.ts          # relative to the file
 *     - control: test.ts
 *       any: 2
 *       params: { sizeMb: 64 }
 *       after: [build, 7:finished] # a key of this file, or the number of a job
 */

/** Fields of a job that mean the same as in the API. */
const plainFields = [
  'needs',
  'name',
  'params',
  'keyvals',
  'priority',
  'retries',
  'infraRetries',
  'sameValueOf',
  'provision',
  'reserveOn',
  'pool',
] as const;
const durationFields = ['timeout', 'maxRuntime', 'idleTimeout', 'reserveFor'] as const;
const knownFields = ['key', 'control', 'hosts', 'any', 'after', ...plainFields, ...durationFields];

export function isSuiteFile(path: string): boolean {
  return /\.(ya?ml|json)$/i.test(path);
}

/**
 * Reads a suite and bundles its control files.
 *
 * @throws UsageError
 */
export async function readSuiteFile(path: string): Promise<CreateSuiteInput> {
  const suite = readObject(path);
  const { name, jobs, ...rest } = suite;
  refuseOthers(path, rest, ['name', 'jobs']);
  if (typeof name !== 'string') throw new UsageError(`${path}: name must be text.`);
  if (!Array.isArray(jobs)) throw new UsageError(`${path}: jobs must be a list.`);
  return { name, jobs: await Promise.all(jobs.map((job, index) => readJob(path, index, job))) };
}

async function readJob(path: string, index: number, job: JsonValue): Promise<SuiteJobInput> {
  const where = `${path}: job ${index}`;
  if (!isPlainObject(job)) throw new UsageError(`${where} must be an object with a control file.`);
  refuseOthers(where, job, knownFields);
  if (typeof job.control !== 'string') throw new UsageError(`${where} names no control file: control must be a path.`);
  const { bundleControl, bundleToJson } = await import('@autotest/core/bundle');
  const bundle = await bundleControl({ entryPath: resolve(dirname(path), job.control) });
  const after = texts(where, 'after', job.after);
  const keys = texts(where, 'key', job.key);
  const input: Record<string, JsonValue> = { bundle: bundleToJson(bundle), hosts: texts(where, 'hosts', job.hosts) };
  if (job.any !== undefined) input.anyHosts = job.any;
  for (const field of plainFields) if (job[field] !== undefined) input[field] = job[field];
  for (const field of durationFields) if (job[field] !== undefined) input[field] = durationOf(where, field, job[field]);
  const isNumber = (text: string): boolean => /^\d+(:|$)/.test(text);
  return {
    ...(keys[0] !== undefined && { key: keys[0] }),
    // What has another type than the API wants is refused by it, in words.
    job: { ...input, after: after.filter(isNumber).map(parseDependency) },
    afterSiblings: after.filter((text) => !isNumber(text)).map((text) => siblingOf(where, text)),
  };
}

function siblingOf(where: string, text: string) {
  const [sibling = '', when = 'passed', ...rest] = text.split(':');
  if (rest.length === 0 && (when === 'passed' || when === 'finished')) return { sibling, when } as const;
  throw new UsageError(`${where}: after takes KEY, KEY:passed or KEY:finished, not ${JSON.stringify(text)}.`);
}

function durationOf(where: string, field: string, value: JsonValue): number {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new UsageError(`${where}: ${field} must be a duration, such as 2h.`);
  return parseDuration(value);
}

function texts(where: string, field: string, value: JsonValue | undefined): string[] {
  const items = value === undefined ? [] : Array.isArray(value) ? value : [value];
  return items.map((item) => {
    if (typeof item === 'string' || typeof item === 'number') return String(item);
    throw new UsageError(`${where}: ${field} must be a list of texts.`);
  });
}

function readObject(path: string): JsonObject {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${messageOf(error)}`);
  }
  if (isJsonValue(value) && isPlainObject(value)) return value;
  throw new UsageError(`${path} holds no suite: write name and jobs.`);
}

function refuseOthers(where: string, fields: JsonObject, known: readonly string[]): void {
  const other = Object.keys(fields).find((field) => !known.includes(field));
  if (other !== undefined)
    throw new UsageError(`${where}: there is no field '${other}'; there are ${known.join(', ')}.`);
}
