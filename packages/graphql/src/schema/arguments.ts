import { ArgumentError } from '../errors.ts';

/** A row's id from an opaque one; undefined for what is no id. */
export function rowId(id: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(id) ? Number(id) : undefined;
}

/** Checks how many items are asked for. @throws ArgumentError */
export function checkFirst(first: number, max: number): number {
  if (Number.isInteger(first) && first >= 1 && first <= max) return first;
  throw new ArgumentError('first', `is ${first}; give a number from 1 to ${max}, and read the rest page by page.`);
}

/** Where the next page of a list of rows begins that goes from the newest to the oldest. @throws ArgumentError */
export function readBefore(after: string | null | undefined): { beforeId?: number } {
  if (after === null || after === undefined) return {};
  const beforeId = rowId(after);
  if (beforeId === undefined) throw new ArgumentError('after', 'is no cursor of this list.');
  return { beforeId };
}

/** Position in the log of events. @throws ArgumentError */
export function parseCursor(after: string): number {
  if (/^\d{1,15}$/.test(after)) return Number(after);
  throw new ArgumentError('after', 'is no cursor; give the id of an event or what eventCursor gave.');
}

/** `undefined` for what GraphQL sends as null. */
export function given<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}

/** A name or a reason: trimmed, printable, at most `max` characters. @throws ArgumentError */
export function checkText(argument: string, text: string, max: number): string {
  const trimmed = text.trim();
  if (trimmed.length <= max && /^\P{Cc}+$/u.test(trimmed)) return trimmed;
  throw new ArgumentError(argument, `must have 1 to ${max} printable characters.`);
}

/** As `checkText`; undefined for what is left out, null for what is null or empty. @throws ArgumentError */
export function checkOptionalText(
  argument: string,
  text: string | null | undefined,
  max: number,
): string | null | undefined {
  if (text === undefined) return undefined;
  return text === null || text.trim() === '' ? null : checkText(argument, text, max);
}

const longestMs = 366 * 24 * 60 * 60 * 1000;

/** When something ends that lasts so long from now: lengths stand in requests, since clocks of machines differ. @throws ArgumentError */
export function checkLength(argument: string, lengthMs: number): number {
  if (lengthMs >= 1000 && lengthMs <= longestMs) return Date.now() + lengthMs;
  throw new ArgumentError(argument, 'must be from a second to a year, in milliseconds.');
}

/** The most names that one request may change at once. */
const maxNames = 1000;

/** A list of names, each once. @throws ArgumentError */
export function checkNames(argument: string, names: readonly string[] | null | undefined): string[] {
  const unique = [...new Set(names ?? [])];
  if (unique.length <= maxNames) return unique;
  throw new ArgumentError(argument, `has more than ${maxNames} names; send them in several requests.`);
}
