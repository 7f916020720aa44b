import { maxJournalLineBytes, type JournalRecord } from './record.ts';

/** One record as a line, with the newline. */
export function formatJournalLine(record: JournalRecord): string {
  return `${JSON.stringify(record)}\n`;
}

export type ParsedJournalLine = { readonly record: JournalRecord } | { readonly problem: string };

/**
 * Reads one line (without newline). Lines come from hosts: what is not a record of this version is a `problem`, never an exception. Fields of
 * kinds that this version does not know are kept as they are; readers pass over unknown kinds.
 */
export function parseJournalLine(text: string): ParsedJournalLine {
  if (text.length > maxJournalLineBytes)
    return { problem: `line of ${text.length} characters is longer than ${maxJournalLineBytes}` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: `not JSON: ${excerpt(text)}` };
  }
  if (!isRecordShaped(value)) return { problem: `not a journal record: ${excerpt(text)}` };
  return { record: value };
}

function isRecordShaped(value: unknown): value is JournalRecord {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { v, seq, t, epoch, scope, kind } = value as Record<string, unknown>;
  return (
    v === 1 &&
    Number.isSafeInteger(seq) &&
    typeof t === 'number' &&
    Number.isSafeInteger(epoch) &&
    typeof kind === 'string' &&
    Array.isArray(scope) &&
    scope.length <= 64 &&
    scope.every((segment) => typeof segment === 'string')
  );
}

function excerpt(text: string): string {
  const short = text.slice(0, 80);
  return JSON.stringify(short.length < text.length ? `${short}…` : short);
}
