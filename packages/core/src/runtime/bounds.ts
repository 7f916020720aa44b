import { maxJournalLineBytes, type RecordBody } from '../journal/record.ts';
import { RecordTooLargeError } from './errors.ts';

/** Longest name of a node, and deepest nesting of groups: what is longer or deeper comes from a mistake. */
export const maxNameLength = 500;
export const maxScopeDepth = 40;

const maxRecordLength = maxJournalLineBytes / 4;
const maxTextLength = 16 * 1024;

/** A name as it goes into keys and scopes. */
export function cutName(name: string): string {
  return name.length <= maxNameLength ? name : `${name.slice(0, maxNameLength)}…`;
}

/** A message or stack as it goes into records. */
export function cutText(text: string): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}… (${text.length} characters)`;
}

/**
 * Refuses what a reader of the journal would pass over as too long.
 *
 * @throws RecordTooLargeError
 */
export function checkRecordSize(body: RecordBody): void {
  const { length } = JSON.stringify(body);
  if (length > maxRecordLength) throw new RecordTooLargeError(body.kind, length, maxRecordLength);
}
