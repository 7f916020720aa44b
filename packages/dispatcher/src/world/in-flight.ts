import type { Change } from '@autotest/core/db';
import { versionedKinds, type VersionedKind } from './versioned.ts';

/** Changes of this dispatcher that are neither written nor refused, by what they touch: what is known of that is newer than what can be read. */
export class InFlight {
  /** How many changes touch a row. */
  readonly #rows: Readonly<Record<VersionedKind, Map<number, number>>> = {
    entries: new Map(),
    hosts: new Map(),
    tasks: new Map(),
    executions: new Map(),
  };
  /** Hosts whose leases are being written. */
  readonly #leases = new Map<number, number>();
  /** Jobs with entries or executions that are being written: such a change may be refused, and its entries are open again. */
  readonly #jobs = new Map<number, number>();
  /** Changes that were begun since everything was forgotten last. */
  #begun = new WeakSet<Change>();

  touchesRow(kind: VersionedKind, id: number): boolean {
    return this.#rows[kind].has(id);
  }

  touchesLease(hostId: number): boolean {
    return this.#leases.has(hostId);
  }

  touchesJob(jobId: number): boolean {
    return this.#jobs.has(jobId);
  }

  begin(change: Change): void {
    this.#begun.add(change);
    this.#countRows(change, 1);
    for (const jobId of jobsOf(change)) count(this.#jobs, jobId, 1);
  }

  /** The rows and leases of a change are not in flight any more, its jobs are until `leaveJobs`. False: it is of before everything was forgotten. */
  leaveRows(change: Change): boolean {
    if (!this.#begun.delete(change)) return false;
    this.#countRows(change, -1);
    return true;
  }

  /** Gives the jobs. */
  leaveJobs(change: Change): Iterable<number> {
    const jobs = jobsOf(change);
    for (const jobId of jobs) count(this.#jobs, jobId, -1);
    return jobs;
  }

  clear(): void {
    for (const counts of [...Object.values(this.#rows), this.#leases, this.#jobs]) counts.clear();
    this.#begun = new WeakSet();
  }

  #countRows(change: Change, by: 1 | -1): void {
    for (const kind of versionedKinds) for (const id of idsIn(change, kind)) count(this.#rows[kind], id, by);
    for (const hostId of change.leases.keys()) count(this.#leases, hostId, by);
  }
}

/** Rows that a change touches or adds. */
export function idsIn(change: Change, kind: VersionedKind): number[] {
  const added = { entries: [], hosts: [], tasks: change.newTasks, executions: change.newExecutions }[kind];
  return [...change[kind].keys(), ...added.map(({ id }) => id)];
}

/** Jobs whose entries or executions a change touches. */
function jobsOf({ entries, executions }: Change): Set<number> {
  const touched = [...entries.values(), ...executions.values()];
  return new Set(touched.flatMap(({ before }) => before.jobId ?? []));
}

function count(counts: Map<number, number>, key: number, by: 1 | -1): void {
  const left = (counts.get(key) ?? 0) + by;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
