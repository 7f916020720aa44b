import { worstEntryOutcome, type EntryOutcome, type EntryState } from '../../../model/entry.ts';
import type { JobState } from '../../../model/job.ts';
import type { JobProgress } from '../../database.ts';
import type { EntryRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { updateSuites } from '../suites/update.ts';
import { bulkUpdate } from './bulk.ts';
import type { Change } from './change.ts';

/** What a transaction knows of a job whose entries it moves; the row is locked. */
export interface LockedJob {
  readonly id: number;
  readonly name: string;
  readonly state: string;
  readonly entryCount: number;
  readonly activeCount: number;
  readonly finishedCount: number;
  readonly worstOutcome: string | null;
  readonly startedAt: number | null;
  readonly suiteId: number | null;
}

const updateJobs = bulkUpdate('jobs', 'id', {
  state: 'text',
  outcome: 'text',
  worstOutcome: 'text',
  activeCount: 'int',
  finishedCount: 'int',
  startedAt: 'bigint',
  finishedAt: 'bigint',
});

type Place = 'queued' | 'active' | 'finished';

/**
 * Brings the counts and the state of jobs up to date after their entries moved. Counted by what moved, not by looking at all entries: a job of ten thousand entries costs
 * as much as one of two. Gives the jobs as they are now.
 */
export async function saveProgress(
  tx: Tx,
  locked: ReadonlyMap<number, LockedJob>,
  changes: readonly Change[],
): Promise<JobProgress[]> {
  const progress = new Map<number, JobProgress>();
  for (const { entries } of changes) {
    for (const { before, after } of entries.values()) {
      const job = locked.get(after.jobId);
      if (!job) continue;
      const known = progress.get(job.id) ?? startOf(job);
      const next = moved(known, before.state, after, tx.now);
      if (next !== known) progress.set(job.id, next);
    }
  }
  const jobs = [...progress.values()];
  await updateJobs(tx, jobs.map(columnsOf));
  const finished = jobs.filter(({ state }) => state === 'finished');
  await updateSuites(
    tx,
    finished.map(({ id, outcome }) => ({ suiteId: locked.get(id)?.suiteId, outcome })),
  );
  for (const { id, state, outcome, startedAt } of jobs) {
    if (startedAt !== undefined && locked.get(id)?.startedAt === null)
      tx.emit({ kind: 'job.started', jobId: id, data: {} });
    if (state === 'finished')
      tx.emit({ kind: 'job.finished', jobId: id, data: outcome === undefined ? {} : { outcome } });
  }
  return jobs;
}

function startOf({
  id,
  entryCount,
  activeCount,
  finishedCount,
  worstOutcome,
  startedAt,
  state,
}: LockedJob): JobProgress {
  return {
    id,
    // oxlint-disable-next-line no-unsafe-type-assertion -- only this file and submissions write the column
    state: state as JobState,
    entryCount,
    activeCount,
    finishedCount,
    // oxlint-disable-next-line no-unsafe-type-assertion -- only this file writes the column
    ...(worstOutcome !== null && { worstOutcome: worstOutcome as EntryOutcome }),
    ...(startedAt !== null && { startedAt }),
  };
}

function moved(job: JobProgress, from: EntryState, entry: EntryRow, now: number): JobProgress {
  const { outcome, startedAt } = entry;
  const before = placeOf(from);
  const after = placeOf(entry.state);
  // Told by the entry: it may have gone on from `starting` in the same change.
  const starts = job.startedAt === undefined && startedAt !== undefined;
  if (before === after && !starts) return job;
  const activeCount = job.activeCount + Number(after === 'active') - Number(before === 'active');
  const finishedCount = job.finishedCount + Number(after === 'finished') - Number(before === 'finished');
  const known = job.worstOutcome === undefined ? [] : [job.worstOutcome];
  const worst =
    outcome === undefined || after !== 'finished' ? job.worstOutcome : worstEntryOutcome([...known, outcome]);
  const isFinished = finishedCount === job.entryCount;
  return {
    ...job,
    activeCount,
    finishedCount,
    state: isFinished ? 'finished' : activeCount + finishedCount === 0 ? 'queued' : 'running',
    ...(worst !== undefined && { worstOutcome: worst }),
    ...(starts && { startedAt }),
    ...(isFinished && { finishedAt: now, ...(worst !== undefined && { outcome: worst }) }),
  };
}

function placeOf(state: EntryState): Place {
  return state === 'queued' || state === 'finished' ? state : 'active';
}

function columnsOf(job: JobProgress) {
  const { id, state, outcome, worstOutcome, activeCount, finishedCount, startedAt, finishedAt } = job;
  return {
    id,
    state,
    outcome: outcome ?? null,
    worstOutcome: worstOutcome ?? null,
    activeCount,
    finishedCount,
    startedAt: startedAt ?? null,
    finishedAt: finishedAt ?? null,
  };
}
