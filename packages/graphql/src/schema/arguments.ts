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

/** Position in the log of events. @throws ArgumentError */
export function parseCursor(after: string): number {
  if (/^\d{1,15}$/.test(after)) return Number(after);
  throw new ArgumentError('after', 'is no cursor; give the id of an event or what eventCursor gave.');
}

/** `undefined` for what GraphQL sends as null. */
export function given<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}
