import type { EntryRow, Snapshot } from '@autotest/core/db';
import type { EntryEnding } from './types.ts';
import { entriesByJob, groupSizeOf } from './units.ts';

export interface ReadyGroups {
  /** Entries that can start together. */
  readonly groups: readonly (readonly EntryRow[])[];
  /** Ready entries that still wait, with how many hosts are missing. */
  readonly waiting: readonly { readonly entry: EntryRow; readonly missing: number }[];
  /** Entries for whose group not enough siblings are left. */
  readonly stopped: readonly EntryEnding[];
}

/** Sorts ready entries into groups that start together. Jobs without hosts start by themselves. */
export function planGroups(snapshot: Snapshot, ended: ReadonlySet<number>): ReadyGroups {
  const groups: (readonly EntryRow[])[] = [];
  const waiting: { entry: EntryRow; missing: number }[] = [];
  const stopped: EntryEnding[] = [];
  for (const [job, entries] of entriesByJob(snapshot, ended)) {
    const size = groupSizeOf(job);
    if (entries.length < size) {
      stopped.push(...entries.map((entry) => stop(entry, entries.length, size)));
      continue;
    }
    const ready = entries.filter(({ state }) => state === 'ready').sort((a, b) => a.index - b.index);
    const whole = Math.floor(ready.length / size) * size;
    for (let at = 0; at < whole; at += size) groups.push(ready.slice(at, at + size));
    const missing = size - (ready.length - whole);
    waiting.push(...ready.slice(whole).map((entry) => ({ entry, missing })));
  }
  groups.push(
    ...snapshot.entries
      .filter((entry) => entry.hostless && entry.state === 'queued' && !ended.has(entry.id))
      .map((entry) => [entry]),
  );
  return { groups, waiting, stopped };
}

function stop(entry: EntryRow, left: number, size: number): EntryEnding {
  const message = `${size} hosts start together, and only ${left} ${left === 1 ? 'is' : 'are'} left of this job`;
  return { entry, move: 'give_up', outcome: 'stopped', cause: { code: 'AT_TOO_FEW_HOSTS', message } };
}
