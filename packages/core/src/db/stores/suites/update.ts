import { worstEntryOutcome, type EntryOutcome } from '../../../model/entry.ts';
import type { Tx } from '../../session.ts';
import { defined, orNull } from '../../values.ts';
import { suiteRow } from './row.ts';

/** A job that finished. */
export interface FinishedJob {
  readonly suiteId?: number | null | undefined;
  readonly outcome?: EntryOutcome | undefined;
}

/**
 * Brings suites up to date, in the transaction in which jobs of theirs finish: each job is to be told of once. Jobs without a suite may be among them. To be called
 * after the jobs were written, so that jobs are locked before suites everywhere.
 */
export async function updateSuites(tx: Tx, jobs: readonly FinishedJob[]): Promise<void> {
  const bySuite = Map.groupBy(jobs, ({ suiteId }) => suiteId);
  const ids = [...bySuite.keys()].filter((id) => typeof id === 'number').sort((a, b) => a - b);
  for (const id of ids) await updateSuite(tx, id, bySuite.get(id) ?? []);
}

async function updateSuite(tx: Tx, id: number, ended: readonly FinishedJob[]): Promise<void> {
  let query = tx.db.selectFrom('suites').selectAll().where('id', '=', id);
  if (tx.session.isServer) query = query.forUpdate();
  const raw = await query.executeTakeFirst();
  if (!raw) return;
  const suite = suiteRow(raw);
  const finishedCount = suite.finishedCount + ended.length;
  const outcomes = [suite.worstOutcome, ...ended.map(({ outcome }) => outcome)];
  const worstOutcome = worstEntryOutcome(outcomes.filter((outcome) => outcome !== undefined));
  const ends = finishedCount >= suite.jobCount && suite.finishedAt === undefined;
  await tx.db
    .updateTable('suites')
    .set({ finishedCount, worstOutcome: orNull(worstOutcome), ...(ends && { finishedAt: tx.now }) })
    .where('id', '=', id)
    .execute();
  if (ends)
    tx.emit({
      kind: 'suite.finished',
      data: { suiteId: id, name: suite.name, owner: suite.owner, ...defined({ outcome: worstOutcome }) },
    });
}
