import { suggestName } from '../control/nearest-name.ts';
import { checkParamValue, matchesWhole } from '../control/param-value.ts';
import type { ParamSpec } from '../control/metadata.ts';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import { type Inspection, type Literal, report } from './literal.ts';
import { withinTime } from './within-time.ts';

const types = ['number', 'string', 'boolean', 'choice', 'duration', 'list'] as const;

/** Which properties each type of parameter has besides `type`, `default` and `doc`. */
const extras: Readonly<Record<ParamSpec['type'], readonly string[]>> = {
  number: ['min', 'max'],
  string: ['pattern'],
  boolean: [],
  choice: ['choices'],
  duration: ['min', 'max'],
  list: ['min', 'max', 'items'],
};

const patternTimeoutMs = 100;

/**
 * Matches in a bounded time, for programs that check the arguments of other people's control files: a pattern that takes too
 * long counts as not matching. Node only.
 */
export function matchesWithinTime(pattern: string, value: string): boolean {
  try {
    return withinTime(patternTimeoutMs, () => matchesWhole(pattern, value));
  } catch {
    return false;
  }
}

/** Rule of the field `params`: a schema whose every part is known and consistent. */
export function checkParamSchema(inspection: Inspection, name: string, literal: Literal): void {
  if (literal.members === undefined) {
    report(
      inspection,
      literal.start,
      `'${name}' must be an object.`,
      "Write { size: { type: 'number' } }, for instance.",
    );
    return;
  }
  for (const [param, { keyStart, literal: spec }] of literal.members) {
    if (!/^[A-Za-z_][\w-]{0,63}$/.test(param)) {
      const remedy = 'Use letters, digits, _ and -, starting with a letter; at most 64.';
      report(inspection, keyStart, `'${param.slice(0, 64)}' cannot be the name of a parameter.`, remedy);
    }
    checkSpec(inspection, param, spec);
  }
}

function checkSpec(inspection: Inspection, param: string, literal: Literal): void {
  const type = literal.members?.get('type')?.literal;
  const known = types.find((name) => name === type?.value);
  if (literal.members === undefined || known === undefined) {
    const place = type?.start ?? literal.start;
    report(inspection, place, `Parameter '${param}' has no known type.`, `Give it a type: ${types.join(', ')}.`);
    return;
  }
  const before = inspection.problems.length;
  const allowed = ['type', 'default', 'doc', ...extras[known]];
  for (const [property, { keyStart, literal: value }] of literal.members) {
    if (!allowed.includes(property)) {
      const message = `Parameter '${param}' of type ${known} has no property '${property}'.`;
      report(inspection, keyStart, message, suggestName(property, allowed));
    } else checkProperty(inspection, param, property, value);
  }
  if (known === 'choice' && !literal.members.has('choices')) {
    const remedy = "Add choices: ['one', 'other'].";
    report(inspection, literal.start, `Parameter '${param}' has no choices.`, remedy);
  }
  const { value } = literal;
  if (inspection.problems.length === before && isObject(value) && isSpec(value))
    checkDefault(inspection, param, literal, value);
}

function checkProperty(inspection: Inspection, param: string, property: string, { value, start }: Literal): void {
  const wanted = wantedFor(property, value);
  if (wanted !== undefined) report(inspection, start, `'${property}' of parameter '${param}' is wrong.`, wanted);
}

function wantedFor(property: string, value: JsonValue): string | undefined {
  switch (property) {
    case 'doc':
      return typeof value === 'string' ? undefined : 'Write text.';
    case 'min':
    case 'max':
      return typeof value === 'number' ? undefined : 'Write a number.';
    case 'items':
      return value === 'string' || value === 'number' ? undefined : "Write 'string' or 'number'.";
    case 'pattern':
      return isPattern(value) ? undefined : 'Write a regular expression as text, without slashes.';
    case 'choices':
      return isChoices(value) ? undefined : 'Write a list of different texts.';
    default:
      return undefined;
  }
}

function isPattern(value: JsonValue): boolean {
  if (typeof value !== 'string' || value.length > 1000) return false;
  try {
    return new RegExp(`^(?:${value})$`, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

function isChoices(value: JsonValue): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((choice) => typeof choice === 'string') && new Set(value).size === value.length;
}

function checkDefault(inspection: Inspection, param: string, literal: Literal, spec: ParamSpec): void {
  const { min = -Infinity, max = Infinity } = spec;
  if (min > max) {
    report(inspection, literal.start, `Parameter '${param}' has a minimum above its maximum.`, 'Swap them.');
    return;
  }
  if (spec.default === undefined) return;
  const result = checkParamValue(spec, spec.default, matchesWithinTime);
  if (!('problem' in result)) return;
  const place = literal.members?.get('default')?.literal.start ?? literal.start;
  report(inspection, place, `The default of parameter '${param}' ${result.problem}`, result.remedy);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Every property was checked by the caller. */
function isSpec(value: JsonObject): value is JsonObject & ParamSpec {
  return typeof value.type === 'string';
}
