import type { HostRow, Snapshot } from '@autotest/core/db';
import { groupByLabels, type LabelClass, type Requirement } from './requirement.ts';
import { liveLease } from './types.ts';

/** Whether a lock holds at this moment. */
export function isLocked(host: HostRow, now: number): boolean {
  return host.lockedBy !== undefined && (host.lockedUntil === undefined || host.lockedUntil > now);
}

/** Whether an entry may get this host now. */
export function isFree(host: HostRow, snapshot: Pick<Snapshot, 'leases' | 'now'>): boolean {
  return (
    host.state === 'ready' &&
    !isLocked(host, snapshot.now) &&
    !host.draining &&
    host.quarantineReason === undefined &&
    liveLease(snapshot, host.id) === undefined
  );
}

/** Classes that fulfil a requirement; those before `from` have no free host left. */
interface Candidates {
  readonly classes: readonly LabelClass[];
  from: number;
}

/** The hosts a plan can still give away, grouped by labels, so that asking for one does not look at each. */
export class HostPool {
  /** To which job a host went in this plan. */
  readonly givenTo = new Map<number, number>();
  readonly #hosts: ReadonlyMap<number, HostRow>;
  readonly #allClasses: readonly LabelClass[];
  readonly #freeClasses: readonly LabelClass[];
  /** The class of each host that was free at the start. */
  readonly #homes = new Map<number, LabelClass>();
  readonly #candidates = new Map<string, Candidates>();

  constructor(snapshot: Snapshot, paused: ReadonlySet<string>) {
    const byName = [...snapshot.hosts].sort((a, b) => (a.name < b.name ? -1 : 1));
    this.#hosts = new Map(byName.map((host) => [host.id, host]));
    this.#allClasses = groupByLabels(byName);
    this.#freeClasses = groupByLabels(
      byName.filter((host) => isFree(host, snapshot) && !paused.has(`host:${host.id}`)),
    );
    for (const home of this.#freeClasses) for (const host of home.hosts) this.#homes.set(host.id, home);
  }

  host(id: number): HostRow | undefined {
    return this.#hosts.get(id);
  }

  /** Gives this host to a job, if it is free and fulfils the requirement. */
  takeNamed(hostId: number, requirement: Requirement, jobId: number): HostRow | undefined {
    const home = this.#homes.get(hostId);
    const host = this.#hosts.get(hostId);
    if (!home || !host || !home.hosts.has(host) || !requirement.holds(home.labels)) return undefined;
    return this.#take(host, home, jobId);
  }

  /** Gives any fitting host to a job; one of `avoid` only where there is no other. */
  takeAny(requirement: Requirement, avoid: readonly number[], jobId: number): HostRow | undefined {
    const candidates = this.#candidatesFor(requirement);
    const { classes } = candidates;
    while (classes[candidates.from]?.hosts.size === 0) candidates.from++;
    let lastResort: [HostRow, LabelClass] | undefined;
    for (let at = candidates.from; at < classes.length; at++) {
      const home = classes[at];
      if (!home) break;
      for (const host of home.hosts) {
        if (!avoid.includes(host.id)) return this.#take(host, home, jobId);
        lastResort ??= [host, home];
      }
    }
    return lastResort && this.#take(...lastResort, jobId);
  }

  /** Takes back what `takeNamed` or `takeAny` gave. */
  giveBack(host: HostRow): void {
    this.givenTo.delete(host.id);
    this.#homes.get(host.id)?.hosts.add(host);
    for (const candidates of this.#candidates.values()) candidates.from = 0;
  }

  /** All hosts that fulfil the requirement, free or not. */
  matching(requirement: Requirement): HostRow[] {
    return this.#allClasses.flatMap(({ labels, hosts }) => (requirement.holds(labels) ? Array.from(hosts) : []));
  }

  /** The first host of each set of labels. */
  representatives(): HostRow[] {
    return this.#allClasses.flatMap(({ hosts }) => hosts.values().next().value ?? []);
  }

  #take(host: HostRow, home: LabelClass, jobId: number): HostRow {
    home.hosts.delete(host);
    this.givenTo.set(host.id, jobId);
    return host;
  }

  #candidatesFor(requirement: Requirement): Candidates {
    let candidates = this.#candidates.get(requirement.key);
    if (!candidates) {
      candidates = { classes: this.#freeClasses.filter(({ labels }) => requirement.holds(labels)), from: 0 };
      this.#candidates.set(requirement.key, candidates);
    }
    return candidates;
  }
}
