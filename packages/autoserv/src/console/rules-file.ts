import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { isPlainObject, messageOf } from '@autotest/core';
import { ConsoleRulesError } from '../errors.ts';
import type { ConsoleRule } from './patterns.ts';

/** Flag of V8 for its linear-time engine. */
const linear = 'l';
const maxRules = 200;
const maxLines = 1000;

/**
 * Rules of a lab: a JSON array of `{ name, pattern, severity: 'warn' | 'fail' | 'off', type?, lines? }`. They go before the known ones; `off` silences what it matches.
 *
 * @throws ConsoleRulesError
 */
export function readRules(file: string): ConsoleRuleOrOff[] {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new ConsoleRulesError(file, messageOf(error));
  }
  if (!Array.isArray(value) || value.length > maxRules)
    throw new ConsoleRulesError(file, `it is no array of at most ${maxRules} rules`);
  return value.map((rule, index) => {
    try {
      return makeRule(rule);
    } catch (error) {
      throw new ConsoleRulesError(file, `rule ${index + 1}: ${messageOf(error)}`);
    }
  });
}

export type ConsoleRuleOrOff = Omit<ConsoleRule, 'severity'> & { readonly severity: ConsoleRule['severity'] | 'off' };

/** A rule from data. Its pattern runs in linear time, whatever comes on the console. @throws Error that says what is wrong */
export function makeRule(value: unknown): ConsoleRuleOrOff {
  if (!isPlainObject(value)) throw new Error('it is no object');
  const { name, pattern, severity, type = name, lines = 1 } = value;
  if (!isShort(name) || !isShort(type)) throw new Error('name and type are to be texts of 1 to 60 characters');
  if (typeof pattern !== 'string' || pattern === '' || pattern.length > 500)
    throw new Error('pattern is to be a text of 1 to 500 characters');
  if (severity !== 'warn' && severity !== 'fail' && severity !== 'off')
    throw new Error('severity is to be warn, fail or off');
  if (typeof lines !== 'number' || !Number.isSafeInteger(lines) || lines < 1 || lines > maxLines)
    throw new Error(`lines is to be a number from 1 to ${maxLines}`);
  return { name, type, severity, lines, pattern: linearPattern(pattern) };
}

/**
 * A regular expression for V8's linear-time engine, which refuses what could take longer (look-around, back references, large counts, ignoring case).
 *
 * @throws Error that says so
 */
export function linearPattern(source: string): RegExp {
  setFlagsFromString('--enable-experimental-regexp-engine');
  try {
    return new RegExp(source, linear);
  } catch (error) {
    throw new Error(
      `the pattern cannot be used: ${messageOf(error)}. Look-around, back references, \\b and counts above a few are not possible`,
      { cause: error },
    );
  }
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && /^\P{Cc}{1,60}$/u.test(value);
}
