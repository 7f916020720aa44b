import type { EntryRow, HostRow, Snapshot } from '@autotest/core/db';
import type { HostPool } from './host-pool.ts';
import type { Requirements } from './requirement.ts';
import type { Assignment } from './types.ts';
import type { Unit } from './units.ts';

/** What came of giving out hosts. */
export interface Placement {
  readonly assignments: readonly Assignment[];
  /** Held hosts to be given back to the first job that cannot form its group. */
  readonly yields: readonly EntryRow[];
  /** Entries that got no host, with their unit. */
  readonly unplaced: readonly { readonly entry: EntryRow; readonly unit: Unit }[];
}

/**
 * Gives free hosts to units, in order. A unit whose hosts start together gets them only where they make up a whole group, but for the first
 * such unit: it holds what it can get until the group is full, so that it is not overtaken for ever. As only the first one holds an incomplete group,
 * two jobs never wait for each other's hosts: when another unit becomes the first, the former one gives back what the new one can use.
 */
export function placeUnits(
  units: readonly Unit[],
  pool: HostPool,
  requirements: Requirements,
  paused: ReadonlySet<string>,
  snapshot: Snapshot,
): Placement {
  const assignments: Assignment[] = [];
  const unplaced: { entry: EntryRow; unit: Unit }[] = [];
  let head: { unit: Unit; missing: readonly EntryRow[] } | undefined;
  for (const unit of units) {
    const wanted = unit.queued.slice(0, wantedHosts(unit)).filter(({ id }) => !paused.has(`entry:${id}`));
    const got = takeHosts(unit, wanted, pool, requirements);
    const hasGroup = unit.held.length + got.length >= unit.groupSize;
    const isHead = !hasGroup && unit.groupSize > 1 && head === undefined;
    if (isHead) head = { unit, missing: wanted.filter((entry) => !got.some((one) => one.entry === entry)) };
    const kept = hasGroup || isHead ? got : [];
    if (kept !== got) for (const { host } of got) pool.giveBack(host);
    const placed = new Set(kept.map(({ entry }) => entry));
    assignments.push(...kept.map(({ entry, host }) => ({ entry, hostId: host.id })));
    unplaced.push(...unit.queued.filter((entry) => !placed.has(entry)).map((entry) => ({ entry, unit })));
  }
  return { assignments, unplaced, yields: head ? planYields(head, units, requirements, snapshot) : [] };
}

/** Hosts a unit should still get: no more than make up whole groups. */
function wantedHosts({ queued, held, groupSize }: Unit): number {
  const total = queued.length + held.length;
  return Math.max(0, Math.floor(total / groupSize) * groupSize - held.length);
}

function takeHosts(
  unit: Unit,
  wanted: readonly EntryRow[],
  pool: HostPool,
  requirements: Requirements,
): { entry: EntryRow; host: HostRow }[] {
  const requirement = requirements.of(unit.job);
  const got: { entry: EntryRow; host: HostRow }[] = [];
  // Named hosts first, or a sibling that takes any host would take them away.
  for (const entry of [...wanted].sort((a, b) => Number(b.named) - Number(a.named))) {
    const host =
      entry.named && entry.hostId !== undefined
        ? pool.takeNamed(entry.hostId, requirement, unit.job.id)
        : pool.takeAny(requirement, entry.triedHostIds, unit.job.id);
    if (host) got.push({ entry, host });
  }
  return got;
}

function planYields(
  head: { unit: Unit; missing: readonly EntryRow[] },
  units: readonly Unit[],
  requirements: Requirements,
  snapshot: Snapshot,
): EntryRow[] {
  const hosts = new Map(snapshot.hosts.map((host) => [host.id, host]));
  const holders = units.filter(({ job, held, groupSize }) => job !== head.unit.job && held.length < groupSize);
  const offered = holders.flatMap(({ held }) => held.filter(({ state }) => state === 'ready'));
  const requirement = requirements.of(head.unit.job);
  const yields: EntryRow[] = [];
  for (const entry of head.missing) {
    const fitting = offered.find((holder) => {
      if (yields.includes(holder) || holder.hostId === undefined) return false;
      if (entry.named) return holder.hostId === entry.hostId;
      const host = hosts.get(holder.hostId);
      return host !== undefined && requirement.unmet(host.labels).length === 0;
    });
    if (fitting) yields.push(fitting);
  }
  return yields;
}
