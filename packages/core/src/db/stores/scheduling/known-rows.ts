import type { Change, Fate, Touched } from './change.ts';
import { leaseText } from './columns.ts';
import type { LockedJob } from './job-progress.ts';

type Versions = Map<number, number>;

/** What a transaction found of the rows that changes need, all of them locked. Rows that do not exist or that somebody else has locked are not in it. */
export interface LockedRows {
  readonly jobs: ReadonlyMap<number, LockedJob>;
  /** Versions by id. */
  readonly entries: Versions;
  readonly executions: Versions;
  readonly tasks: Versions;
  readonly hosts: Versions;
  /** `leaseText` by host id. */
  readonly leases: Map<number, string>;
  /** Hosts whose lease somebody else has locked: not to be taken for hosts that were never held. */
  readonly foreignLeases: ReadonlySet<number>;
  /** Of the changes taken so far. */
  readonly accepted: Set<Fate>;
}

/** Takes a change if all of its rows are as it knew them, and what it builds on was carried out; from then on they are as it leaves them. */
export function accept(rows: LockedRows, change: Change): boolean {
  if (!holds(rows, change)) return false;
  rows.accepted.add(change.fate);
  raise(rows.entries, change.entries);
  raise(rows.executions, change.executions);
  raise(rows.tasks, change.tasks);
  raise(rows.hosts, change.hosts);
  for (const [hostId, { after }] of change.leases) rows.leases.set(hostId, leaseText(after));
  for (const row of change.newTasks) rows.tasks.set(row.id, row.version);
  for (const row of change.newExecutions) rows.executions.set(row.id, row.version);
  return true;
}

function holds(rows: LockedRows, change: Change): boolean {
  for (const fate of change.basis) if (!fate.isCommitted && !rows.accepted.has(fate)) return false;
  for (const { before } of change.entries.values()) if (!rows.jobs.has(before.jobId)) return false;
  for (const hostId of hostsNeededBy(change)) if (!rows.hosts.has(hostId)) return false;
  for (const [hostId, { before }] of change.leases)
    if (rows.foreignLeases.has(hostId) || rows.leases.get(hostId) !== (before && leaseText(before))) return false;
  return (
    areAsKnown(rows.entries, change.entries) &&
    areAsKnown(rows.executions, change.executions) &&
    areAsKnown(rows.tasks, change.tasks) &&
    areAsKnown(rows.hosts, change.hosts)
  );
}

/**
 * Hosts whose rows must be locked, though the change may leave them as they are. Who makes or changes a lease has the host, so that two cannot make the same one. And rows
 * that refer to a host would make the engine wait for it, or fail where it does not exist any more.
 */
export function hostsNeededBy(change: Change): Set<number> {
  const ids = new Set(change.leases.keys());
  for (const { hostId } of change.newTasks) ids.add(hostId);
  for (const { before, after } of change.entries.values())
    if (after.hostId !== undefined && after.hostId !== before.hostId) ids.add(after.hostId);
  return ids;
}

interface Versioned {
  readonly version: number;
}

function areAsKnown(versions: Versions, rows: ReadonlyMap<number, Touched<Versioned>>): boolean {
  for (const [id, { before }] of rows) if (versions.get(id) !== before.version) return false;
  return true;
}

function raise(versions: Versions, rows: ReadonlyMap<number, Touched<Versioned>>): void {
  for (const [id, { after }] of rows) versions.set(id, after.version);
}
