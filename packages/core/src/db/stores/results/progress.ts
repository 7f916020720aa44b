import type { JournalRecord } from '../../../journal/record.ts';
import { clipName } from '../../values.ts';
import { readFields } from './strangers.ts';

const toldKinds = new Set<JournalRecord['kind']>(['phase', 'transport', 'reboot', 'fault', 'info']);
const shownFields = ['phase', 'event', 'host', 'code', 'message'];
const longestText = 1000;

/** Data of an event that tells people what an execution is busy with; undefined for records that do not. */
export function progressOf(record: JournalRecord): Record<string, unknown> | undefined {
  if (!toldKinds.has(record.kind)) return undefined;
  const fields = readFields(record);
  const data: Record<string, unknown> = { kind: record.kind, t: record.t };
  for (const field of shownFields) {
    const value = fields[field];
    if (typeof value === 'string') data[field] = clipName(value, longestText);
  }
  return data;
}
