import type { JournalRecord } from '../../../journal/record.ts';
import type { Fence, SchedulingStore } from '../../database.ts';
import { NotFoundError } from '../../errors.ts';
import type { ExecutionRow } from '../../rows.ts';
import type { Session, Tx } from '../../session.ts';
import { clipName, defined } from '../../values.ts';
import { executionRow } from '../jobs/rows.ts';
import { checkFence } from '../scheduling/roles.ts';
import { pathsOf, ResultBatch } from './batch.ts';
import { pinSeenKeys } from './host-keys.ts';
import { lastNodeSeq, loadNodes, saveKeyvals, saveMetrics, saveNodes } from './node-rows.ts';
import { progressOf } from './progress.ts';
import type { WorkNode } from './work-node.ts';

type Batch = Parameters<SchedulingStore['ingest']>[1];
type Ingested = Awaited<ReturnType<SchedulingStore['ingest']>>;

/**
 * Takes journal records into rows, in one transaction with the offset: whoever asks for a batch that does not begin at the stored offset is told that offset, and nothing
 * happens. The number of statements depends on the depth of the tree, not on the number of records.
 */
export function ingest(
  session: Session,
  executionId: number,
  batch: Batch,
  fence: Fence | undefined,
): Promise<Ingested> {
  return session.write(async (tx) => {
    if (fence) await checkFence(tx, fence);
    const execution = await lockExecution(tx, executionId);
    if (execution.journalOffset !== batch.fromOffset)
      return { offset: execution.journalOffset, stale: 0, applied: false };
    const records = batch.records.filter((record) => record.epoch === execution.epoch);
    await takeIn(tx, execution, records);
    const journalSeq = records.reduce((highest, record) => Math.max(highest, record.seq), execution.journalSeq);
    await tx.db
      .updateTable('executions')
      .set({ journalOffset: batch.toOffset, journalSeq })
      .where('id', '=', executionId)
      .execute();
    return { offset: batch.toOffset, stale: batch.records.length - records.length, applied: true };
  });
}

async function lockExecution(tx: Tx, id: number): Promise<ExecutionRow> {
  let query = tx.db.selectFrom('executions').selectAll().where('id', '=', id);
  if (tx.session.isServer) query = query.forUpdate();
  const raw = await query.executeTakeFirst();
  if (!raw) throw new NotFoundError('execution', id);
  return executionRow(raw);
}

async function takeIn(tx: Tx, execution: ExecutionRow, records: readonly JournalRecord[]): Promise<void> {
  const subject = await subjectOf(tx, execution);
  for (const record of records) {
    const data = progressOf(record);
    if (data) tx.emit({ kind: 'execution.progress', ...subject, data });
  }
  await pinSeenKeys(tx, execution, records);
  const paths = pathsOf(records);
  const known = await loadNodes(tx, execution.id, paths);
  const results = new ResultBatch(known, paths.length > 0 ? await lastNodeSeq(tx, execution.id) : 0, tx.now);
  for (const record of records) results.apply(record);
  const nodes = results.touched();
  await saveNodes(tx, execution, nodes);
  await saveMetrics(tx, nodes);
  await saveKeyvals(tx, execution.id, results.keyvals.values());
  for (const node of nodes) tellOf(tx, subject, node);
}

interface Subject {
  readonly executionId: number;
  readonly jobId?: number;
  readonly entryId?: number;
  readonly taskId?: number;
}

/** What the events are about. An execution of several entries has no entry of its own. */
async function subjectOf(tx: Tx, { id, jobId, taskId }: ExecutionRow): Promise<Subject> {
  const entries = await tx.db.selectFrom('entries').select('id').where('executionId', '=', id).limit(2).execute();
  const entryId = entries.length === 1 ? entries[0]?.id : undefined;
  return { executionId: id, ...defined({ jobId, entryId, taskId }) };
}

function tellOf(tx: Tx, subject: Subject, node: WorkNode): void {
  const data = { nodeId: node.id, path: clipName(node.path, 1000) };
  tx.emit({
    kind: 'result.node',
    ...subject,
    data: { ...data, node: node.node, name: node.name, attempt: node.attempt, ...defined({ outcome: node.outcome }) },
  });
  if (node.metrics.size > 0)
    tx.emit({ kind: 'result.metrics', ...subject, data: { ...data, count: node.metrics.size } });
}
