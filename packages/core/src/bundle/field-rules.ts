import { controlTypes, maxRetries, testTimes } from '../control/metadata.ts';
import { LabelExpressionError } from '../labels/errors.ts';
import { isLabelKey } from '../labels/label.ts';
import { parseLabelExpression } from '../labels/parse.ts';
import { parseDuration } from '../time/duration.ts';
import { DurationError } from '../time/errors.ts';
import { type Inspection, type Literal, report } from './literal.ts';
import { checkParamSchema } from './param-schema.ts';

/** Looks at the value of one field and reports what is wrong with it. */
export type FieldRule = (inspection: Inspection, name: string, literal: Literal) => void;

/** Which fields an object may have, and what each must be. */
export interface ObjectRules {
  readonly fields: Readonly<Record<string, FieldRule>>;
  readonly required: readonly string[];
  /** Fields that hold code and are not read. */
  readonly functions: readonly string[];
  readonly requiredFunctions: readonly string[];
}

export const controlRules: ObjectRules = {
  fields: {
    name: text(200),
    author: text(500),
    doc: text(100_000),
    type: oneOf(controlTypes),
    time: oneOf(testTimes),
    category: text(200),
    class: text(200),
    needs: labelExpression,
    syncCount: integer(1, 10_000),
    verify: boolean,
    experimental: boolean,
    sameValueOf: labelKey,
    retries: integer(0, maxRetries),
    infraRetries: integer(0, maxRetries),
    idleTimeout: duration,
    onUnexpectedReboot: oneOf(['continue', 'retry', 'stop']),
    params: checkParamSchema,
  },
  required: ['name', 'author', 'doc', 'type'],
  functions: ['run'],
  requiredFunctions: ['run'],
};

export const testRules: ObjectRules = {
  fields: {
    name: text(200),
    doc: text(100_000),
    author: text(500),
    version: integer(0, Number.MAX_SAFE_INTEGER),
    params: checkParamSchema,
  },
  required: ['name'],
  functions: ['initialize', 'setup', 'warmup', 'runOnce', 'postprocessIteration', 'postprocess', 'cleanup'],
  requiredFunctions: ['runOnce'],
};

function text(maxLength: number): FieldRule {
  return (inspection, name, { value, start }) => {
    if (typeof value !== 'string') report(inspection, start, `'${name}' must be text.`, 'Put it in quotes.');
    else if (value.trim() === '') report(inspection, start, `'${name}' is empty.`, 'Write at least a word.');
    else if (value.length > maxLength) {
      report(inspection, start, `'${name}' is longer than ${maxLength} characters.`, 'Shorten it.');
    }
  };
}

function oneOf(choices: readonly string[]): FieldRule {
  const list = choices.map((choice) => `'${choice}'`).join(', ');
  return (inspection, name, { value, start }) => {
    if (typeof value === 'string' && choices.includes(value)) return;
    report(inspection, start, `'${name}' has a value that is not among its choices.`, `Write one of ${list}.`);
  };
}

function integer(min: number, max: number): FieldRule {
  return (inspection, name, { value, start }) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return;
    const most = max === Number.MAX_SAFE_INTEGER ? 'up' : `to ${max}`;
    report(inspection, start, `'${name}' must be a whole number.`, `Write a number from ${min} ${most}.`);
  };
}

function duration(inspection: Inspection, name: string, { value, start }: Literal): void {
  try {
    parseDuration(typeof value === 'number' || typeof value === 'string' ? value : '');
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    report(inspection, start, `'${name}' is no duration.`, "Write text such as '5 minutes', or milliseconds.");
  }
}

function labelKey(inspection: Inspection, name: string, { value, start }: Literal): void {
  if (typeof value === 'string' && isLabelKey(value)) return;
  report(
    inspection,
    start,
    `'${name}' must be the key of a label.`,
    "Write what stands before the colon, such as 'rack'.",
  );
}

function boolean(inspection: Inspection, name: string, { value, start }: Literal): void {
  if (typeof value === 'boolean') return;
  report(inspection, start, `'${name}' must be true or false.`, 'Write it without quotes.');
}

function labelExpression(inspection: Inspection, name: string, { value, start, textStart }: Literal): void {
  if (typeof value !== 'string') {
    report(inspection, start, `'${name}' must be text.`, "Write a label expression, such as 'arch:x86_64 & !flaky'.");
    return;
  }
  try {
    parseLabelExpression(value);
  } catch (error) {
    if (!(error instanceof LabelExpressionError)) throw error;
    const place = textStart === undefined ? start : textStart + error.position - 1;
    report(inspection, place, `Bad label expression in '${name}': ${error.problem}`, error.remedy);
  }
}
