import { messageOf } from '../errors/autotest-error.ts';
import type { JsonValue } from '../json/json-value.ts';
import { parseDuration } from '../time/duration.ts';
import type { ParamSpec } from './metadata.ts';
import { suggestName } from './nearest-name.ts';

/** Longest text of one argument, in UTF-16 code units. */
export const maxParamTextLength = 64 * 1024;
/** Most items of a list. */
export const maxParamItems = 10_000;

/** Whether the whole of a value matches a regular expression. */
export type MatchPattern = (pattern: string, value: string) => boolean;

/** The value as the control file gets it, or what is wrong with it: the rest of a sentence that begins with the parameter. */
export type CheckedValue = { readonly value: JsonValue } | { readonly problem: string; readonly remedy: string };

/** Checks one value against a declared parameter. */
export function checkParamValue(spec: ParamSpec, value: unknown, matches: MatchPattern): CheckedValue {
  switch (spec.type) {
    case 'number':
      return checkNumber(spec, value);
    case 'string':
      return checkString(spec, value, matches);
    case 'boolean':
      return typeof value === 'boolean' ? { value } : wrongType(value, 'true or false');
    case 'choice':
      return checkChoice(spec, value);
    case 'duration':
      return checkDuration(spec, value);
    case 'list':
      break;
  }
  return checkList(spec, value);
}

/** Matches with a plain RegExp: right where the pattern is the user's own, as in a browser or in the CLI. */
export function matchesWhole(pattern: string, value: string): boolean {
  return new RegExp(`^(?:${pattern})$`, 'u').test(value);
}

function checkNumber(spec: ParamSpec, value: unknown): CheckedValue {
  if (typeof value !== 'number' || !Number.isFinite(value)) return wrongType(value, 'a number');
  return outOfRange(spec, value, 'is') ?? { value };
}

function checkString(spec: ParamSpec, value: unknown, matches: MatchPattern): CheckedValue {
  if (typeof value !== 'string') return wrongType(value, 'text');
  if (value.length > maxParamTextLength) return tooLong();
  if (spec.pattern === undefined || matches(spec.pattern, value)) return { value };
  return { problem: `is ${quote(value)}, which does not match ${spec.pattern}.`, remedy: '' };
}

function checkChoice(spec: ParamSpec, value: unknown): CheckedValue {
  const choices = spec.choices ?? [];
  if (typeof value !== 'string') return wrongType(value, `one of ${choices.join(', ')}`);
  if (choices.includes(value)) return { value };
  return { problem: `is ${quote(value)}, which is not among its choices.`, remedy: suggestName(value, choices) };
}

function checkDuration(spec: ParamSpec, value: unknown): CheckedValue {
  if (typeof value !== 'string' && typeof value !== 'number') return wrongType(value, "a duration such as '5 minutes'");
  try {
    const ms = parseDuration(value);
    if (!Number.isFinite(ms)) return wrongType(value, 'a finite duration');
    return outOfRange(spec, ms, 'in milliseconds is') ?? { value: typeof value === 'number' ? `${value} ms` : value };
  } catch (error) {
    return { problem: 'is not a duration.', remedy: messageOf(error) };
  }
}

function checkList(spec: ParamSpec, value: unknown): CheckedValue {
  if (!Array.isArray(value)) return wrongType(value, 'a list');
  if (value.length > maxParamItems) return { problem: `has more than ${maxParamItems} items.`, remedy: 'Give fewer.' };
  const range = outOfRange(spec, value.length, 'has a length of');
  if (range !== undefined) return range;
  const items: (string | number)[] = [];
  for (const item of value as readonly unknown[]) {
    if (!isItem(spec, item))
      return { problem: `has the item ${show(item)}.`, remedy: `Its items are ${spec.items ?? 'string'}s.` };
    items.push(item);
  }
  const length = items.reduce<number>((sum, item) => sum + String(item).length, 0);
  return length > maxParamTextLength ? tooLong() : { value: items };
}

function isItem(spec: ParamSpec, item: unknown): item is string | number {
  return spec.items === 'number' ? typeof item === 'number' && Number.isFinite(item) : typeof item === 'string';
}

function outOfRange(spec: ParamSpec, number: number, verb: string): CheckedValue | undefined {
  if (spec.min !== undefined && number < spec.min) {
    return { problem: `${verb} ${number}, less than its minimum ${spec.min}.`, remedy: `Give at least ${spec.min}.` };
  }
  if (spec.max !== undefined && number > spec.max) {
    return { problem: `${verb} ${number}, more than its maximum ${spec.max}.`, remedy: `Give at most ${spec.max}.` };
  }
  return undefined;
}

function tooLong(): CheckedValue {
  return {
    problem: `is longer than ${maxParamTextLength} characters.`,
    remedy: 'Put long text into a file of the test.',
  };
}

function wrongType(value: unknown, wanted: string): CheckedValue {
  return { problem: `is ${show(value)}.`, remedy: `Give ${wanted}.` };
}

function show(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function quote(text: string): string {
  return `'${text.slice(0, 60)}'`;
}
