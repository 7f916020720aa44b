import type { EntryRow, JobRow } from '@autotest/core/db';
import { addTo, removeFrom } from '../world/multimap.ts';
import type { World } from '../world/world.ts';
import { Demand, fits, groupSizeOf, type DemandKind, type Principal } from './demand.ts';
import type { HostClass } from './host-class.ts';
import { HostClasses } from './host-classes.ts';
import { Requirements } from './requirement.ts';

/** All queues, and which hosts fit which. Kept up to date entry by entry and host by host. */
export class Demands {
  readonly classes: HostClasses;
  readonly byKey = new Map<string, Demand>();
  /** People whose entries have to be sorted in anew, because they got or lost their first reserved host. */
  readonly changedOwners = new Set<string>();
  readonly #world: World;
  readonly #requirements = new Requirements();
  readonly #demandOf = new Map<number, Demand>();
  /** Demands that name a host, by host id. */
  readonly #naming = new Map<number, Set<Demand>>();
  readonly #fitting = new Map<HostClass, Set<Demand>>();
  /** People with hosts reserved: number of classes of theirs. */
  readonly #reservers = new Map<string, number>();
  /** Whether some dispatcher takes jobs of some people only. */
  ownersMatter = false;

  constructor(world: World) {
    this.#world = world;
    this.classes = new HostClasses((home, exists) => this.#onClass(home, exists));
  }

  demandOf(entryId: number): Demand | undefined {
    return this.#demandOf.get(entryId);
  }

  /** Demands that a host of this class, or this very host, could serve. */
  servedBy(home: HostClass, hostId: number): Iterable<Demand> {
    return [...(this.#fitting.get(home) ?? []), ...(this.#naming.get(hostId) ?? [])];
  }

  naming(hostId: number): Iterable<Demand> {
    return this.#naming.get(hostId) ?? [];
  }

  /** Puts an entry into its queue; gives the queue. */
  add(entry: EntryRow, job: JobRow): Demand {
    const demand = this.#demandFor(entry, job);
    const before = this.#demandOf.get(entry.id);
    if (before && before !== demand) this.remove(entry.id);
    if (before !== demand) demand.untied.add(entry.id);
    demand.queue.add(entry, job);
    this.#demandOf.set(entry.id, demand);
    return demand;
  }

  remove(entryId: number): Demand | undefined {
    const demand = this.#demandOf.get(entryId);
    if (!demand) return undefined;
    this.#demandOf.delete(entryId);
    demand.queue.remove(entryId);
    demand.untied.delete(entryId);
    if (demand.queue.size === 0) this.#drop(demand);
    return demand;
  }

  principalOf(owner: string): Principal {
    const world = this.#world;
    return {
      groups: new Set(world.groupsOfUsers.get(owner)),
      isAdmin: world.admins.has(owner),
      owner: this.ownersMatter || this.#reservers.has(owner) ? owner : undefined,
    };
  }

  #demandFor(entry: EntryRow, job: JobRow): Demand {
    const principal = this.principalOf(job.owner);
    const requirement = this.#requirements.of(job);
    const kind = kindOf(entry, job);
    const who = `${principal.isAdmin ? '*' : [...principal.groups].sort((a, b) => a - b).join(',')}|${principal.owner ?? ''}|${job.pool ?? ''}`;
    const subject = {
      hostIds: this.#namedHosts(kind, entry),
      ...(kind === 'group' && { jobId: job.id }),
      pool: job.pool,
    };
    const what = { any: '', hostless: '', named: `${entry.hostId}`, group: `${job.id}` }[kind];
    const key = `${kind}:${what}|${requirement.key}|${who}`;
    const known = this.byKey.get(key);
    if (known) return known;
    const demand = new Demand(key, kind, requirement, principal, subject);
    this.byKey.set(key, demand);
    for (const hostId of demand.hostIds) addTo(this.#naming, hostId, demand);
    if (kind === 'any' || kind === 'group') this.#match(demand);
    return demand;
  }

  #namedHosts(kind: DemandKind, entry: EntryRow): number[] {
    if (kind === 'any' || kind === 'hostless') return [];
    const entries = kind === 'group' ? this.#world.entriesOf(entry.jobId) : [entry];
    return entries.flatMap(({ named, hostId }) => (named && hostId !== undefined ? hostId : []));
  }

  /** Finds the classes that fit, beginning with those that carry the rarest label that all of them must carry. */
  #match(demand: Demand): void {
    const candidates = demand.requirement.anchors
      .map((label) => this.classes.carrying(label))
      .reduce<Iterable<HostClass> & { size: number }>(
        (rarest, carrying) => (carrying.size < rarest.size ? carrying : rarest),
        new Set(this.classes.byKey.values()),
      );
    const found = [...candidates].filter((home) => fits(home, demand, this.#world.onlyIfNeeded));
    for (const home of found.sort(byLabelCount)) {
      demand.classes.add(home);
      addTo(this.#fitting, home, demand);
    }
  }

  #onClass(home: HostClass, exists: boolean): void {
    this.#countReserver(home, exists ? 1 : -1);
    if (!exists) {
      for (const demand of this.#fitting.get(home) ?? []) demand.classes.delete(home);
      this.#fitting.delete(home);
      return;
    }
    for (const demand of this.byKey.values()) {
      if ((demand.kind !== 'any' && demand.kind !== 'group') || !fits(home, demand, this.#world.onlyIfNeeded)) continue;
      const sorted = [...demand.classes, home].sort(byLabelCount);
      demand.classes.clear();
      for (const one of sorted) demand.classes.add(one);
      addTo(this.#fitting, home, demand);
    }
  }

  #countReserver({ reservedBy }: HostClass, by: number): void {
    if (reservedBy === undefined) return;
    const count = (this.#reservers.get(reservedBy) ?? 0) + by;
    if (count > 0) this.#reservers.set(reservedBy, count);
    else this.#reservers.delete(reservedBy);
    if (count <= 1) this.changedOwners.add(reservedBy);
  }

  #drop(demand: Demand): void {
    this.byKey.delete(demand.key);
    for (const home of demand.classes) removeFrom(this.#fitting, home, demand);
    for (const hostId of demand.hostIds) removeFrom(this.#naming, hostId, demand);
  }
}

function kindOf(entry: EntryRow, job: JobRow): DemandKind {
  if (entry.hostless) return 'hostless';
  if (groupSizeOf(job) > 1) return 'group';
  return entry.named ? 'named' : 'any';
}

function byLabelCount(a: HostClass, b: HostClass): number {
  return a.labelList.length - b.labelList.length;
}
