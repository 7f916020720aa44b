import type { JobRow } from '@autotest/core/db';
import { addTo, removeFrom } from '../world/multimap.ts';
import type { World } from '../world/world.ts';
import type { Demand } from './demand.ts';
import { compareRanks, type Rank } from './entry-queue.ts';
import { latestEndAt } from './expected-end.ts';

interface Earmark {
  readonly rank: Rank;
  readonly hostIds: ReadonlySet<number>;
  /** When its hosts are expected to be together, ms since the epoch. */
  readonly expectedAt: number;
}

/** At most so many groups have hosts kept for them at once. */
const maxGroups = 16;
/** So long hosts are kept for a group that does not come together; then they are everybody's for as long. */
const holdMs = 30 * 60_000;

/**
 * Free hosts that are kept for groups which still lack some: back-fill as batch systems do it. Nobody of lower rank gets such a host, unless the job is over before the
 * group's last host is expected. Whoever goes before the group takes what it wants.
 */
export class Earmarks {
  readonly #byDemand = new Map<Demand, Earmark>();
  readonly #byHost = new Map<number, Set<Demand>>();
  /** Since when hosts are kept for a group, ms since the epoch. */
  readonly #since = new Map<Demand, number>();
  readonly #world: Pick<World, 'durations'>;

  constructor(world: Pick<World, 'durations'>) {
    this.#world = world;
  }

  /** Keeps these hosts for a group, and no others. Gives when that has to be looked at again, ms since the epoch. */
  set(demand: Demand, rank: Rank, hostIds: readonly number[], expectedAt: number, now: number): number {
    this.#unmark(demand);
    const known = this.#since.get(demand);
    const since = known === undefined || now - known >= 2 * holdMs ? now : known;
    this.#since.set(demand, since);
    if (now - since >= holdMs) return since + 2 * holdMs;
    this.#mark(demand, rank, hostIds, expectedAt);
    return since + holdMs;
  }

  #mark(demand: Demand, rank: Rank, hostIds: readonly number[], expectedAt: number): void {
    if (this.#byDemand.size >= maxGroups && !this.#makesWay(rank)) return;
    const earmark = { rank, hostIds: new Set(hostIds), expectedAt };
    this.#byDemand.set(demand, earmark);
    for (const hostId of earmark.hostIds) addTo(this.#byHost, hostId, demand);
  }

  /** The group has its hosts, or wants none any more. */
  clear(demand: Demand): void {
    this.#unmark(demand);
    this.#since.delete(demand);
  }

  /** Hosts that are kept for a group. */
  hostsOf(demand: Demand): Iterable<number> {
    return this.#byDemand.get(demand)?.hostIds ?? [];
  }

  #unmark(demand: Demand): void {
    const earmark = this.#byDemand.get(demand);
    if (!earmark) return;
    this.#byDemand.delete(demand);
    for (const hostId of earmark.hostIds) removeFrom(this.#byHost, hostId, demand);
  }

  /** For whom a host is kept. */
  keptFor(hostId: number): Iterable<Demand> {
    return this.#byHost.get(hostId) ?? [];
  }

  /** Whether a job of this rank may have the host now. */
  allows(hostId: number, rank: Rank, job: JobRow, now: number): boolean {
    for (const demand of this.#byHost.get(hostId) ?? []) {
      const earmark = this.#byDemand.get(demand);
      if (!earmark || demand.jobId === job.id || compareRanks(rank, earmark.rank) < 0) continue;
      if (
        earmark.expectedAt === Infinity ||
        latestEndAt(job, this.#world.durations.get(job.name), now) > earmark.expectedAt
      )
        return false;
    }
    return true;
  }

  /** Takes the marks from the group of the lowest rank, if that is lower than this one. */
  #makesWay(rank: Rank): boolean {
    let last: [Demand, Earmark] | undefined;
    for (const one of this.#byDemand) if (!last || compareRanks(one[1].rank, last[1].rank) > 0) last = one;
    if (!last || compareRanks(rank, last[1].rank) > 0) return false;
    this.#unmark(last[0]);
    return true;
  }
}
