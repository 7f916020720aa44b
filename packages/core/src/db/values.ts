import { createHash } from 'node:crypto';

/** How the columns of a table differ from the fields of its row. */
export interface RowShape {
  /** JSON columns. */
  readonly json?: readonly string[];
  /** Columns of 0 and 1. */
  readonly flags?: readonly string[];
  /** Columns that rows do not show. */
  readonly hidden?: readonly string[];
}

/** Makes functions that turn what a query gave into a row: nulls left out, JSON parsed, flags as booleans. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- names the row that the shape belongs to
export function rowReader<Row>(shape: RowShape = {}): (raw: object) => Row {
  const json = new Set(shape.json);
  const flags = new Set(shape.flags);
  const hidden = new Set(shape.hidden);
  return (raw) => {
    const row: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(raw)) {
      if (value === null || hidden.has(key)) continue;
      row[key] = json.has(key) ? fromJson(value) : flags.has(key) ? Number(value) === 1 : value;
    }
    // oxlint-disable-next-line no-unsafe-type-assertion -- what the shape says of the table
    return row as Row;
  };
}

/** Value of a JSON column: some drivers give text, some the value. All our columns hold arrays or objects. */
// oxlint-disable-next-line no-unnecessary-type-parameters -- names what the column holds
export function fromJson<T>(value: unknown): T {
  // oxlint-disable-next-line no-unsafe-type-assertion -- only our own stores write these columns
  return (typeof value === 'string' ? JSON.parse(value) : value) as T;
}

/** JSON that every engine takes: they refuse halves of surrogate pairs. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes('\\ud')) return json;
  // Only such halves are written as \ud…; a backslash that is escaped begins no escape.
  return json.replace(/\\(?:\\|ud[89a-f][0-9a-f]{2})/g, (escape) => (escape[1] === 'u' ? '\\ufffd' : escape));
}

export function toFlag(value: boolean): number {
  return value ? 1 : 0;
}

/** `undefined` as null, for columns. */
export function orNull<T>(value: T | undefined): T | null {
  return value ?? null;
}

/** Fields that are given, without those that are undefined. */
export function defined<T extends object>(fields: T): Partial<T> {
  // oxlint-disable-next-line no-unsafe-type-assertion -- leaving fields out makes them partial
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Text of a stranger for a column of `max` characters: what is cut off is told apart by a hash, so that different texts stay different. */
export function clipName(text: string, max = 255): string {
  if (text.length <= max) return text;
  return `${cut(text, max - 12)}…${sha1(text).slice(0, 8)}`;
}

/** Longest text that is stored of a reason or a message, in bytes of UTF-8. */
export const maxReasonBytes = 64 * 1024;

/** Reason or message, at most 64 KiB of UTF-8, with a mark where it was cut. */
export function clipReason(text: string): string {
  if (Buffer.byteLength(text) <= maxReasonBytes) return text;
  const mark = `… [cut, ${Buffer.byteLength(text)} bytes]`;
  const bytes = Buffer.from(text).subarray(0, maxReasonBytes - Buffer.byteLength(mark));
  // A character cut in two decodes to U+FFFD.
  return bytes.toString('utf8').replace(/\uFFFD+$/, '') + mark;
}

export function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** Parts of at most `size` items. */
export function chunks<T>(items: readonly T[], size = 500): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}

/** Cuts without leaving half of a surrogate pair. */
function cut(text: string, max: number): string {
  const short = text.slice(0, max);
  return /[\uD800-\uDBFF]$/.test(short) ? short.slice(0, -1) : short;
}
