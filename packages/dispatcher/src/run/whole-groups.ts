import type { EntryRow, JobRow } from '@autotest/core/db';
import { groupSizeOf } from '../plan/demand.ts';
import { valueOfEntry } from '../plan/group.ts';
import type { World } from '../world/world.ts';

/** Entries of a job that are ready, as they start together; those that lack siblings are left out. @param ready in their order */
export function wholeGroups(world: World, job: JobRow, ready: readonly EntryRow[]): EntryRow[][] {
  const size = groupSizeOf(job);
  const key = job.sameValueOf;
  if (key === undefined) return slices(ready, size);
  const groups = [...Map.groupBy(ready, (entry) => valueOfEntry(entry, key, world)).values()].flatMap((alike) =>
    slices(alike, size),
  );
  const taken = new Set(groups.flat());
  // Whoever names hosts of several values wants just these.
  return [
    ...groups,
    ...slices(
      ready.filter((entry) => entry.named && !taken.has(entry)),
      size,
    ),
  ];
}

function slices(entries: readonly EntryRow[], size: number): EntryRow[][] {
  const groups: EntryRow[][] = [];
  for (let at = 0; at + size <= entries.length; at += size) groups.push(entries.slice(at, at + size));
  return groups;
}
