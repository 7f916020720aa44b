import type { JsonObject, JsonValue } from '../json/json-value.ts';
import { nullRecord } from '../json/null-record.ts';
import type { ParamSchema, ParamSpec } from './metadata.ts';
import { suggestName } from './nearest-name.ts';
import { checkParamValue, type MatchPattern, matchesWhole, maxParamTextLength } from './param-value.ts';

/** What is wrong with one argument. */
export interface ParamProblem {
  readonly name: string;
  /** A whole sentence that names the parameter. */
  readonly message: string;
  /** What to do; may be empty. */
  readonly remedy: string;
}

export interface CheckParamsOptions {
  /** How `pattern`s are matched. A server should pass one that cannot run for ever. @default plain RegExp */
  readonly matches?: MatchPattern;
}

/**
 * Checks a job's arguments against what its control file declares and fills in defaults. Unknown, missing and ill-typed
 * arguments are problems; `params` holds what is good, without a prototype. Durations come out as text.
 */
export function checkParams(
  schema: ParamSchema | undefined,
  args: JsonObject,
  options: CheckParamsOptions = {},
): { params: Record<string, JsonValue>; problems: ParamProblem[] } {
  const { matches = matchesWhole } = options;
  const params = nullRecord<JsonValue>();
  const problems = unknownNames(schema, Object.keys(args));
  for (const [name, spec] of Object.entries(schema ?? {})) {
    const given = Object.hasOwn(args, name) ? args[name] : spec.default;
    if (given === undefined) {
      problems.push({ name, message: `Parameter '${name}' is missing.`, remedy: `Give a ${describeType(spec)}.` });
      continue;
    }
    const result = checkParamValue(spec, given, matches);
    if ('value' in result) params[name] = result.value;
    else problems.push({ name, message: `Parameter '${name}' ${result.problem}`, remedy: result.remedy });
  }
  return { params, problems };
}

/**
 * Turns arguments written as text (`--param sizeMb=64`) into values of the declared types, ready for `checkParams`. Numbers are
 * decimal; booleans are true/false, yes/no, on/off or 1/0; lists are separated by commas, or a JSON array. Unknown names pass as text.
 */
export function coerceParams(
  schema: ParamSchema | undefined,
  texts: Readonly<Record<string, string>>,
): { args: Record<string, JsonValue>; problems: ParamProblem[] } {
  const args = nullRecord<JsonValue>();
  const problems: ParamProblem[] = [];
  for (const [name, text] of Object.entries(texts)) {
    const spec = schema !== undefined && Object.hasOwn(schema, name) ? schema[name] : undefined;
    const value = spec === undefined ? text : coerceText(spec, text);
    if (value !== undefined) args[name] = value;
    else problems.push({ name, message: `Parameter '${name}' is not a ${spec?.type}.`, remedy: remedyFor(spec) });
  }
  return { args, problems };
}

function unknownNames(schema: ParamSchema | undefined, names: readonly string[]): ParamProblem[] {
  const known = Object.keys(schema ?? {});
  return names
    .filter((name) => schema === undefined || !Object.hasOwn(schema, name))
    .map((name) => ({
      name,
      message: `There is no parameter '${name.slice(0, 64)}'.`,
      remedy: known.length === 0 ? 'This control file takes none.' : suggestName(name, known),
    }));
}

function coerceText(spec: ParamSpec, text: string): JsonValue | undefined {
  switch (spec.type) {
    case 'number':
      return toNumber(text);
    case 'boolean':
      return toBoolean(text);
    case 'list':
      return toList(text, spec.items ?? 'string');
    case 'string':
    case 'choice':
    case 'duration':
      break;
  }
  return text;
}

function toNumber(text: string): number | undefined {
  return /^\s*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

function toBoolean(text: string): boolean | undefined {
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  if (/^(false|no|off|0)$/i.test(text)) return false;
  return undefined;
}

function toList(text: string, items: 'string' | 'number'): JsonValue | undefined {
  if (text.length > maxParamTextLength) return undefined;
  if (text.trim().startsWith('[')) return parseArray(text);
  const parts = text.trim() === '' ? [] : text.split(',').map((part) => part.trim());
  if (items === 'string') return parts;
  const numbers = parts.map(toNumber).filter((number) => number !== undefined);
  return numbers.length === parts.length ? numbers : undefined;
}

function parseArray(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function remedyFor(spec: ParamSpec | undefined): string {
  if (spec?.type === 'number') return 'Write a decimal number.';
  if (spec?.type === 'boolean') return 'Write true or false.';
  return 'Write items separated by commas.';
}

function describeType(spec: ParamSpec): string {
  const type = spec.type === 'choice' ? `choice of ${spec.choices?.join(', ')}` : spec.type;
  return spec.doc ? `${type} (${spec.doc})` : type;
}
