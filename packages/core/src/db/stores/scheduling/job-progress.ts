import { worstEntryOutcome, type EntryState } from '../../../model/entry.ts';
import { jobStateOf } from '../../../model/job.ts';
import type { EntryRow, JobRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { rowReader } from '../../values.ts';
import { jobRow } from '../jobs/rows.ts';

const progressOfEntries = rowReader<Pick<EntryRow, 'state' | 'outcome'>>();

type Progress = Pick<JobRow, 'id' | 'state' | 'startedAt'>;

/** Reads the job, and on servers keeps other transactions from moving its entries until this one ends. */
export async function lockJob(tx: Tx, jobId: number): Promise<Progress | undefined> {
  let query = tx.db.selectFrom('jobs').select(['id', 'state', 'startedAt']).where('id', '=', jobId);
  if (tx.session.isServer) query = query.forUpdate();
  const raw = await query.executeTakeFirst();
  return raw && jobRow(raw);
}

/** Brings state and outcome of a job up to date after one of its entries moved to `entryState`. */
export async function updateJob(tx: Tx, job: Progress, entryState: EntryState): Promise<void> {
  const raw = await tx.db
    .selectFrom('entries')
    .select(['state', 'outcome'])
    .where('jobId', '=', job.id)
    .groupBy(['state', 'outcome'])
    .execute();
  const groups = raw.map(progressOfEntries);
  const state = jobStateOf(groups.map((group) => group.state));
  const starts = entryState === 'starting' && job.startedAt === undefined;
  if (state === job.state && !starts) return;
  const outcomes = groups.flatMap((group) => group.outcome ?? []);
  const ends = state === 'finished' && job.state !== 'finished';
  const outcome = ends ? worstEntryOutcome(outcomes) : undefined;
  await tx.db
    .updateTable('jobs')
    .set({
      state,
      ...(starts && { startedAt: tx.now }),
      ...(ends && { finishedAt: tx.now, outcome: outcome ?? null }),
    })
    .where('id', '=', job.id)
    .execute();
  if (ends) tx.emit({ kind: 'job.finished', jobId: job.id, data: outcome === undefined ? {} : { outcome } });
}
