import { messageOf } from '../errors/autotest-error.ts';
import { JsonLineError } from './errors.ts';
import type { JsonValue } from './json-value.ts';

export interface JsonLineLimits {
  /** Longest line, in UTF-16 code units. @default 1 MiB */
  readonly maxLength?: number;
  /** Deepest nesting of arrays and objects. @default 64 */
  readonly maxDepth?: number;
}

/**
 * Value of one line of newline-delimited JSON that a stranger wrote.
 *
 * @throws JsonLineError when the line is too long, nested too deep or not JSON.
 */
export function parseJsonLine(line: string, limits: JsonLineLimits = {}): JsonValue {
  const { maxLength = 1024 * 1024, maxDepth = 64 } = limits;
  if (line.length > maxLength) {
    throw new JsonLineError(`it has ${line.length} characters, more than the ${maxLength} allowed.`);
  }
  const value = parse(line);
  // Few lines hold so many brackets, so the walk over the value is rare.
  if (countBrackets(line, maxDepth) > maxDepth && isDeeperThan(value, maxDepth)) {
    throw new JsonLineError(`it is nested deeper than the ${maxDepth} levels allowed.`);
  }
  return value;
}

function parse(line: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(line);
    return value;
  } catch (error) {
    throw new JsonLineError(`${messageOf(error)}.`, { cause: error });
  }
}

function countBrackets(line: string, enough: number): number {
  let count = 0;
  for (let index = 0; index < line.length && count <= enough; index++) {
    const code = line.charCodeAt(index);
    if (code === 0x5b || code === 0x7b) count++;
  }
  return count;
}

function isDeeperThan(value: JsonValue, maxDepth: number): boolean {
  let level: JsonValue[] = [value];
  for (let depth = 0; depth <= maxDepth; depth++) {
    level = level.flatMap((item) => (item !== null && typeof item === 'object' ? Object.values(item) : []));
    if (level.length === 0) return false;
  }
  return true;
}
