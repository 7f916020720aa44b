import { isIP } from 'node:net';
import {
  driverProblem,
  hostNamePattern,
  isPlainObject,
  labelProblem,
  nullRecord,
  type JsonValue,
} from '@autotest/core';
import { InputInvalidType } from '../schema/user-error.ts';

/** What is told of a host, as a stranger says it. */
export interface HostFields {
  readonly name?: string | null | undefined;
  readonly address?: string | null | undefined;
  readonly port?: number | null | undefined;
  readonly user?: string | null | undefined;
  readonly keyFile?: string | null | undefined;
  readonly hostKeys?: readonly string[] | null | undefined;
  readonly labels?: readonly string[] | null | undefined;
  readonly attributes?: JsonValue | undefined;
}

/** What is wrong with each field, as the rest of a sentence. */
const checks = {
  name: ({ name }) =>
    unless(name, (text) => hostNamePattern.test(text), 'must be made of letters, digits and ._:- only.'),
  address: ({ address }) =>
    unless(address, (text) => hostNamePattern.test(text) || isIP(text) !== 0, 'must be a host name or an IP address.'),
  port: ({ port }) => unless(port, (number) => number >= 0 && number <= 65_535, 'must be a number from 1 to 65535.'),
  user: ({ user }) => unless(user, (text) => /^[a-z_][\w.-]{0,63}\$?$/i.test(text), 'must be the name of a user.'),
  keyFile: ({ keyFile }) =>
    unless(
      keyFile,
      (text) => /^\/\P{Cc}{1,1000}$/u.test(text),
      "must be the absolute path of a file on the dispatcher's machine.",
    ),
  hostKeys: ({ hostKeys }) =>
    unless(
      hostKeys,
      (keys) => keys.length <= 20 && keys.every(isHostKey),
      'must be at most 20 public keys in OpenSSH format.',
    ),
  labels: ({ labels }) => problemOfLabels(labels ?? []),
  attributes: ({ attributes }) =>
    unless(
      attributes,
      (value) => readAttributes(value) !== undefined,
      'must be an object of at most 200 short texts.',
    ) ?? problemOfDrivers(attributes),
} satisfies Record<keyof HostFields, (fields: HostFields) => string | undefined>;

function unless<T>(value: T | null | undefined, isGood: (value: T) => boolean, problem: string): string | undefined {
  return value === undefined || value === null || isGood(value) ? undefined : problem;
}

/** The first thing wrong with a host; undefined for a good one. */
export function checkHost(fields: HostFields): InputInvalidType | undefined {
  for (const [field, problemOf] of Object.entries(checks)) {
    const problem = problemOf(fields);
    if (problem !== undefined) return new InputInvalidType(`The ${field} ${problem}`, ['input', field]);
  }
  return undefined;
}

function problemOfDrivers(attributes: JsonValue | undefined): string | undefined {
  const problem = driverProblem(readAttributes(attributes) ?? {});
  return problem === undefined ? undefined : `cannot be taken. ${problem}`;
}

function isHostKey(key: string): boolean {
  return /^[a-z0-9@.-]{1,60} [A-Za-z0-9+/]{1,4000}={0,2}( \P{Cc}{0,200})?$/u.test(key);
}

function problemOfLabels(labels: readonly string[]): string | undefined {
  if (labels.length > 500) return 'are more than 500.';
  for (const label of labels) {
    const problem = labelProblem(label);
    if (problem !== undefined) return `hold ${JSON.stringify(label.slice(0, 60))}, which is no label: ${problem}`;
  }
  return undefined;
}

/** Attributes without a prototype; undefined for what are none. */
export function readAttributes(value: JsonValue | undefined): Record<string, string> | undefined {
  if (!isPlainObject(value)) return undefined;
  const attributes = nullRecord<string>();
  for (const [key, text] of Object.entries(value)) {
    if (key.length > 100 || typeof text !== 'string' || text.length > 4096) return undefined;
    attributes[key] = text;
  }
  return Object.keys(attributes).length <= 200 ? attributes : undefined;
}
