/**
 * What a control file or test says about itself besides code. All of it is literal in the source, so that it is read from
 * the syntax tree and never by running the file.
 */

import type { Duration } from '../time/duration.ts';

export const controlTypes = ['client', 'server'] as const;
/** `client` control runs on each host, `server` control runs in autoserv and drives hosts. */
export type ControlType = (typeof controlTypes)[number];

/** Most retries of either kind that a job may ask for. */
export const maxRetries = 10;

export const testTimes = ['short', 'medium', 'long'] as const;
/** short < 15 min, medium < 4 h, long: more. */
export type TestTime = (typeof testTimes)[number];

export type ParamType = 'number' | 'string' | 'boolean' | 'choice' | 'duration' | 'list';

/** One declared parameter. `default` absent means the parameter is required. */
export interface ParamSpec {
  readonly type: ParamType;
  readonly default?: unknown;
  readonly doc?: string;
  /** Numbers, and the length of lists. */
  readonly min?: number;
  readonly max?: number;
  /** For `choice`: the allowed values. */
  readonly choices?: readonly string[];
  /** For `string`: a regular expression the whole value must match. */
  readonly pattern?: string;
  /** For `list`: type of the items. @default 'string' */
  readonly items?: 'string' | 'number';
}

export type ParamSchema = Readonly<Record<string, ParamSpec>>;

/** Everything of `defineControl({...})` but `run`. */
export interface ControlMetadata {
  /** Name of the job this file makes, unless the submission names it otherwise. */
  readonly name: string;
  readonly author: string;
  readonly doc: string;
  readonly type: ControlType;
  /** @default 'medium' */
  readonly time?: TestTime;
  readonly category?: string;
  readonly class?: string;
  /** Label expression that a host must fulfil. */
  readonly needs?: string;
  /** Hosts that start together (server control). @default 1 */
  readonly syncCount?: number;
  /** Verify hosts before the job. @default true */
  readonly verify?: boolean;
  readonly experimental?: boolean;
  /** All hosts that work together carry the same value of this label key: `rack`. */
  readonly sameValueOf?: string;
  /** How often the job is run again on a host, where a test failed: 0 to 10. @default 0 */
  readonly retries?: number;
  /** How often it is run again on another host, where the lab failed: 0 to 10. @default 1 */
  readonly infraRetries?: number;
  /** No output and no result for so long ends the job. @default no limit */
  readonly idleTimeout?: Duration;
  readonly params?: ParamSchema;
}

/** Everything of `defineTest({...})` but its functions. */
export interface TestMetadata {
  readonly name: string;
  readonly doc?: string;
  readonly author?: string;
  /** Set-up runs again when it rises. @default 1 */
  readonly version?: number;
  readonly params?: ParamSchema;
}

/** TypeScript type of the arguments that a parameter schema lets through. */
export type ParamsOf<S extends ParamSchema> = { readonly [K in keyof S]: ParamValue<S[K]> };

type ParamValue<P extends ParamSpec> = P['type'] extends 'number'
  ? number
  : P['type'] extends 'boolean'
    ? boolean
    : P['type'] extends 'list'
      ? readonly (P['items'] extends 'number' ? number : string)[]
      : P extends { choices: readonly (infer C extends string)[] }
        ? C
        : string;
