import { DurationError } from './errors.ts';

/** A span of time: milliseconds, or text such as `'5 minutes'`, `'1h30m'`, `'90 s'` or `'PT5M'`. */
export type Duration = number | string;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const week = 7 * day;

const unitNames: readonly (readonly [unitMs: number, names: readonly string[]])[] = [
  [week, ['w', 'week', 'weeks']],
  [day, ['d', 'day', 'days']],
  [hour, ['h', 'hr', 'hrs', 'hour', 'hours']],
  [minute, ['m', 'min', 'mins', 'minute', 'minutes']],
  [second, ['s', 'sec', 'secs', 'second', 'seconds']],
  [1, ['ms', 'msec', 'millisecond', 'milliseconds']],
];
const unitByName = new Map(unitNames.flatMap(([unitMs, names]) => names.map((name) => [name, unitMs] as const)));

const remedy = "Write milliseconds as a number, or text such as '5 minutes', '1h30m', '90 s' or 'PT5M'.";
const maxTextLength = 100;

/**
 * Milliseconds of a duration. Text holds amounts with units from weeks to milliseconds, each unit once, larger ones first;
 * or an ISO 8601 duration without years and months, whose length varies. Infinity passes, negative spans do not.
 *
 * @throws DurationError (`AT_DURATION`)
 */
export function parseDuration(duration: Duration): number {
  if (typeof duration === 'number') return checkNumber(duration);
  if (typeof duration !== 'string') throw new DurationError(`${typeof duration} is not a duration. ${remedy}`);
  const text = duration.trim();
  if (text.length > maxTextLength) throw new DurationError(`This text is too long for a duration. ${remedy}`);
  const ms = /^p/i.test(text) ? parseIso(text) : parseAmounts(text);
  if (!Number.isSafeInteger(ms)) throw new DurationError(`${quote(duration)} is too long.`);
  return ms;
}

function checkNumber(ms: number): number {
  if (ms >= 0) return ms;
  throw new DurationError(`${ms} is not a duration. ${remedy}`);
}

function parseAmounts(text: string): number {
  const amounts = /(\d+(?:\.\d+)?)\s*([a-z]+)[\s,]*/giy;
  let total = 0;
  let end = 0;
  let smallestUnit = Infinity;
  for (const match of text.matchAll(amounts)) {
    const unitMs = unitByName.get((match[2] ?? '').toLowerCase());
    if (unitMs === undefined) throw new DurationError(`${quote(text)} has the unknown unit '${match[2]}'. ${remedy}`);
    if (unitMs >= smallestUnit) {
      throw new DurationError(`${quote(text)} is not a duration: each unit stands once, larger ones first. ${remedy}`);
    }
    smallestUnit = unitMs;
    total += Number(match[1]) * unitMs;
    end = match.index + match[0].length;
  }
  if (end === 0 && /^\d+(\.\d+)?$/.test(text)) {
    throw new DurationError(`${quote(text)} has no unit. Write for instance '${text} s' or '${text} minutes'.`);
  }
  if (end === 0 || end < text.length) throw new DurationError(`${quote(text)} is not a duration. ${remedy}`);
  return Math.round(total);
}

function parseIso(text: string): number {
  const pattern =
    /^p(?:(\d+(?:\.\d+)?)w)?(?:(\d+(?:\.\d+)?)d)?(t(?=\d)(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?)?$/i;
  const match = pattern.exec(text);
  if (match === null || text.length === 1) throw new DurationError(`${quote(text)} is not a duration. ${remedy}`);
  const [, weeks, days, , hours, minutes, seconds] = match;
  const total =
    amount(weeks, week) + amount(days, day) + amount(hours, hour) + amount(minutes, minute) + amount(seconds, second);
  return Math.round(total);
}

function amount(digits: string | undefined, unitMs: number): number {
  return digits === undefined ? 0 : Number(digits) * unitMs;
}

function quote(text: string): string {
  return `'${text.slice(0, 40)}'`;
}

/**
 * Short text for people, in at most two units: `250 ms`, `3.2 s`, `5 min 03 s`, `1 h 05 min`, `2 d 03 h`.
 * `parseDuration` reads finite spans of at least 0 back.
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return ms > 0 ? 'unlimited' : 'unknown';
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (Math.round(ms) < second) return `${Math.round(ms)} ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${tenths / 10} s`;
  if (Math.round(ms / second) * second < hour) return twoUnits(ms, minute, 'min', second, 's');
  if (Math.round(ms / minute) * minute < day) return twoUnits(ms, hour, 'h', minute, 'min');
  return twoUnits(ms, day, 'd', hour, 'h');
}

function twoUnits(ms: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const smalls = Math.round(ms / smallMs);
  const perLarge = largeMs / smallMs;
  const rest = smalls % perLarge;
  const head = `${Math.floor(smalls / perLarge)} ${large}`;
  return rest === 0 ? head : `${head} ${String(rest).padStart(2, '0')} ${small}`;
}
