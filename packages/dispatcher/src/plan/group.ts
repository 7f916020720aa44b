import { splitLabel } from '@autotest/core';
import type { EntryRow, HostRow, JobRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';
import { groupSizeOf, mayUse, type Demand } from './demand.ts';
import type { Demands } from './demands.ts';
import type { Earmarks } from './earmarks.ts';
import { expectedEndAt } from './expected-end.ts';
import type { Rank } from './entry-queue.ts';

/** What can be done for a group now. */
export interface GroupPlan {
  /** The hosts that make it whole; undefined: some are missing. */
  readonly hosts?: readonly { readonly entry: EntryRow; readonly host: HostRow }[];
  /** Who answers for those that have hosts already. */
  readonly dispatcherId?: string;
  /** Free hosts that it could use once the others are there. */
  readonly kept: readonly number[];
  /** When the last host is expected to be free, ms since the epoch; Infinity where nothing limits it. undefined: not enough hosts are in sight. */
  readonly expectedAt?: number;
}

/** How far one looks for hosts that are going to be free. */
const maxLookedAt = 1000;

/** Finds hosts for the next whole group of a job: all that it lacks, or none. Named hosts first; then any that fit, with `sameValueOf` all of one value. */
export function planGroup(
  world: World,
  demands: Demands,
  demand: Demand,
  job: JobRow,
  earmarks: Earmarks,
  rank: Rank,
  now: number,
): GroupPlan {
  const entries = world.entriesOf(job.id);
  const held = entries.filter(({ state }) => state === 'preparing' || state === 'ready');
  const [begun = []] = incompleteGroups(world, job, held);
  const lacking = groupSizeOf(job) - begun.length;
  const queued = entries.filter((entry) => demand.queue.has(entry.id));
  const isFree = (hostId: number) =>
    demands.classes.homeOf(hostId)?.members.get(hostId) === 'free' && earmarks.allows(hostId, rank, job, now);
  const mayHave = (hostId: number) => {
    const home = demands.classes.homeOf(hostId);
    if (!home) return false;
    return home.isOneTime || (mayUse(home, demand.principal) && demand.requirement.holds(home.labels));
  };
  const named = queued.filter(({ named: isNamed }) => isNamed);
  const chosen = named
    .filter(({ hostId }) => hostId !== undefined && mayHave(hostId) && isFree(hostId))
    .slice(0, lacking);
  const taken = new Set(chosen.map(({ hostId }) => hostId ?? 0));
  const others = queued.filter(({ named: isNamed }) => !isNamed);
  const wanted = lacking - chosen.length;
  const value = sharedValue(job, [...begun, ...chosen], world);
  const picked =
    wanted > others.length ? undefined : pickHosts(world, demand, job, others, wanted, taken, isFree, value);
  const dispatcherId = begun[0]?.dispatcherId;
  const carrier = dispatcherId === undefined ? {} : { dispatcherId };
  const hosts = [
    ...chosen.map((entry) => ({ entry, host: world.hosts.get(entry.hostId ?? 0) })),
    ...(picked?.hosts ?? []).map((host, index) => ({ entry: others[index], host })),
  ].flatMap(({ entry, host }) => (entry && host ? { entry, host } : []));
  const kept = hosts.map(({ host }) => host.id);
  if (hosts.length === lacking) return { hosts, ...carrier, kept };
  const expected = expectedAt(world, demand, job, lacking - hosts.length, now);
  return { ...carrier, kept, ...(expected !== undefined && { expectedAt: expected }) };
}

/**
 * Entries that have hosts and lack siblings, by the group that they begin: entries start together at one dispatcher and, unless all of them are named, with one value.
 * The largest first.
 *
 * @param held entries of the job that are made ready or are ready, in their order
 */
export function incompleteGroups(world: World, job: JobRow, held: readonly EntryRow[]): EntryRow[][] {
  const size = groupSizeOf(job);
  const key = held.every(({ named }) => named) ? undefined : job.sameValueOf;
  const keyOf = (entry: EntryRow): string =>
    `${entry.dispatcherId} ${key === undefined ? '' : valueOfEntry(entry, key, world)}`;
  return [...Map.groupBy(held, keyOf).values()]
    .map((alike) => alike.slice(alike.length - (alike.length % size)))
    .filter(({ length }) => length > 0)
    .sort((a, b) => b.length - a.length);
}

/** The value of `sameValueOf` that hosts taken already fix. */
function sharedValue(job: JobRow, entries: readonly EntryRow[], world: World): string | undefined {
  const key = job.sameValueOf;
  if (key === undefined) return undefined;
  return entries.map((entry) => valueOfEntry(entry, key, world)).find((value) => value !== undefined);
}

/** The value that an entry's host has of a key. */
export function valueOfEntry({ hostId }: EntryRow, key: string, world: World): string | undefined {
  const host = hostId === undefined ? undefined : world.hosts.get(hostId);
  return host && valueOf(host, key);
}

function pickHosts(
  world: World,
  demand: Demand,
  job: JobRow,
  entries: readonly EntryRow[],
  wanted: number,
  taken: ReadonlySet<number>,
  isFree: (hostId: number) => boolean,
  value: string | undefined,
): { hosts: HostRow[] } {
  const tried = new Set(entries.flatMap(({ triedHostIds }) => triedHostIds));
  const free: HostRow[] = [];
  const lastResort: HostRow[] = [];
  // With a common value, all have to be seen to find the one of which there are enough.
  const enough = job.sameValueOf === undefined ? wanted : Infinity;
  for (const home of demand.classes) {
    if (free.length >= enough) break;
    for (const hostId of home.free()) {
      const host = world.hosts.get(hostId);
      if (!host || taken.has(hostId) || !isFree(hostId)) continue;
      (tried.has(hostId) ? lastResort : free).push(host);
      if (free.length >= enough) break;
    }
  }
  const all = [...free, ...lastResort];
  if (job.sameValueOf === undefined) return { hosts: all.slice(0, wanted) };
  return { hosts: ofOneValue(all, job.sameValueOf, wanted, value) };
}

/** Hosts of one value: the smallest set that is large enough, or else the largest. */
function ofOneValue(hosts: readonly HostRow[], key: string, wanted: number, fixed: string | undefined): HostRow[] {
  const byValue = Map.groupBy(hosts, (host) => valueOf(host, key));
  byValue.delete(undefined);
  if (fixed !== undefined) return (byValue.get(fixed) ?? []).slice(0, wanted);
  const sets = [...byValue.values()];
  const whole = sets.filter((set) => set.length >= wanted);
  const best =
    whole.length > 0
      ? whole.reduce((smallest, set) => (set.length < smallest.length ? set : smallest))
      : sets.reduce<HostRow[]>((largest, set) => (set.length > largest.length ? set : largest), []);
  return best.slice(0, wanted);
}

function valueOf(host: HostRow, key: string): string | undefined {
  for (const label of host.labels) {
    const parts = splitLabel(label);
    if (parts.key === key && parts.value !== undefined) return parts.value;
  }
  return undefined;
}

/** When enough of the busy hosts that fit are expected to be free; undefined: there are not enough of them. */
function expectedAt(world: World, demand: Demand, job: JobRow, missing: number, now: number): number | undefined {
  const ends: number[] = [];
  let looked = 0;
  const look = (hostId: number): void => {
    const holder = world.heldLease(hostId)?.holder;
    // A host that is cleaned or verified is as much in sight as one that runs a job.
    if (holder?.kind === 'task') ends.push(world.executionOfTask(holder.id)?.deadlineAt ?? Infinity);
    const entry = holder?.kind === 'entry' ? world.entries.get(holder.id) : undefined;
    if (!entry || entry.jobId === job.id) return;
    ends.push(expectedEndAt(world, hostId, now) ?? Infinity);
  };
  for (const hostId of demand.hostIds) look(hostId);
  for (const home of demand.classes) {
    for (const hostId of home.members.keys()) {
      if (looked++ > maxLookedAt) break;
      look(hostId);
    }
  }
  return ends.sort((a, b) => a - b)[missing - 1];
}
