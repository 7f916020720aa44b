import type { EntryRow, JobRow, Snapshot } from '@autotest/core/db';
import { isUnstarted } from './limits.ts';

/**
 * What is placed at once: one entry of a job whose hosts are independent of each other, or all entries of a job whose hosts start
 * together.
 */
export interface Unit {
  readonly job: JobRow;
  /** Queued, in order of their index. */
  readonly queued: readonly EntryRow[];
  /** Have a host already and wait for siblings. */
  readonly held: readonly EntryRow[];
  /** Hosts that start together. */
  readonly groupSize: number;
}

/** How many hosts of the job start together. */
export function groupSizeOf(job: JobRow): number {
  return job.controlType === 'server' ? Math.max(1, job.syncCount) : 1;
}

/** Units with queued entries that need a host, in the order in which they may choose: priority, named hosts first, then age. */
export function planUnits(snapshot: Snapshot, ended: ReadonlySet<number>): Unit[] {
  const units: Unit[] = [];
  for (const [job, entries] of entriesByJob(snapshot, ended)) {
    const groupSize = groupSizeOf(job);
    const queued = entries.filter(({ state }) => state === 'queued').sort((a, b) => a.index - b.index);
    const held = entries.filter(({ state }) => state !== 'queued');
    if (queued.length === 0) continue;
    if (groupSize > 1) units.push({ job, queued, held, groupSize });
    else for (const entry of queued) units.push({ job, queued: [entry], held: [], groupSize });
  }
  return units.sort(byRank);
}

/** Unstarted entries that need hosts, by job. */
export function entriesByJob(snapshot: Snapshot, ended: ReadonlySet<number>): Map<JobRow, EntryRow[]> {
  const byJob = new Map<JobRow, EntryRow[]>();
  for (const entry of snapshot.entries) {
    const job = snapshot.jobs.get(entry.jobId);
    if (!job || entry.hostless || ended.has(entry.id) || !isUnstarted(entry)) continue;
    const known = byJob.get(job);
    if (known) known.push(entry);
    else byJob.set(job, [entry]);
  }
  return byJob;
}

function byRank(a: Unit, b: Unit): number {
  return (
    b.job.priority - a.job.priority ||
    Number(isNamed(b)) - Number(isNamed(a)) ||
    a.job.createdAt - b.job.createdAt ||
    a.job.id - b.job.id ||
    (a.queued[0]?.index ?? 0) - (b.queued[0]?.index ?? 0)
  );
}

function isNamed(unit: Unit): boolean {
  return unit.queued.some(({ named }) => named);
}
