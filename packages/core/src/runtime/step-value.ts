import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommandError, type CommandResult } from '../control/command.ts';
import { serializeError, type SerializedError } from '../errors/autotest-error.ts';
import { isJsonValue, isPlainObject, type JsonValue } from '../json/json-value.ts';
import { confinePath, writeFileAtomic } from '../node/paths.ts';
import { cutText } from './bounds.ts';
import { StepValueError } from './errors.ts';

const inlineBytes = 128 * 1024;
const largestBytes = 64 * 1024 * 1024;
const directory = 'debug/steps';

/**
 * A step's result as its record holds it; large ones go to a file that is on disk before the record is.
 *
 * @throws StepValueError
 */
export function packStepValue(value: unknown, key: string, resultsDir: string): JsonValue | undefined {
  if (value === undefined) return undefined;
  const plain = dropUndefined(value);
  if (!isJsonValue(plain)) throw new StepValueError(key, 'it is not plain JSON');
  const text = JSON.stringify(plain);
  if (text.length <= inlineBytes) return plain;
  if (text.length > largestBytes)
    throw new StepValueError(key, `it has ${text.length} characters, ${largestBytes} at most`);
  const name = `${createHash('sha256').update(text).digest('hex').slice(0, 32)}.json`;
  mkdirSync(join(resultsDir, directory), { recursive: true });
  writeFileAtomic(join(resultsDir, directory, name), text);
  return { $stepFile: `${directory}/${name}` };
}

/** The value that `packStepValue` packed. */
export function unpackStepValue(value: JsonValue | undefined, resultsDir: string): unknown {
  if (!isPlainObject(value) || typeof value.$stepFile !== 'string') return value;
  return JSON.parse(readFileSync(confinePath(resultsDir, value.$stepFile), 'utf8'));
}

/** JSON has no undefined: fields that hold it are left out, as JSON.stringify does. */
function dropUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropUndefined);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([name, item]) => [name, dropUndefined(item)]),
  );
}

/** A thrown value as a step's record holds it. */
export function packStepError(error: unknown): JsonValue {
  const serialized = serializeError(error);
  const packed = {
    ...serialized,
    message: cutText(serialized.message),
    ...(serialized.stack !== undefined && { stack: cutText(serialized.stack) }),
    ...(error instanceof Error && 'endsJob' in error && error.endsJob === true && { endsJob: true }),
    ...(error instanceof CommandError && { result: shortened(error.result) }),
  };
  const plain = dropUndefined(packed);
  if (isJsonValue(plain) && JSON.stringify(plain).length <= inlineBytes) return plain;
  return { name: serialized.name, message: cutText(serialized.message) };
}

/** The output of a failed command goes into the journal, so it is kept short there. */
function shortened(result: CommandResult): CommandResult {
  const keep = 16 * 1024;
  return { ...result, stdout: result.stdout.slice(-keep), stderr: result.stderr.slice(-keep) };
}

/** An error like the one that was recorded: name, message, stack, code, outcome, details and command result are the same. */
export function unpackStepError(packed: JsonValue): Error {
  // Written by packStepError; what was changed since only makes another message.
  const { name, message, stack, cause, result, ...rest }: PackedError = JSON.parse(JSON.stringify(packed));
  const error = result
    ? new CommandError(result)
    : new Error(message, cause === undefined ? undefined : { cause: unpackStepError(cause) });
  if (!result) Object.assign(error, rest, { name });
  error.message = message;
  if (stack !== undefined) error.stack = stack;
  return error;
}

interface PackedError extends Omit<SerializedError, 'cause'> {
  readonly cause?: JsonValue;
  readonly result?: CommandResult;
}
