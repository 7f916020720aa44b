import type { ResultOutcome } from '../../../results/outcome.ts';
import type { Tx } from '../../session.ts';
import { clipName, clipReason } from '../../values.ts';

/** Ends the nodes of an execution that are still open, each with an event. For an execution whose journal holds no end of them and will never. */
export async function closeNodes(tx: Tx, executionId: number, outcome: ResultOutcome, reason: string): Promise<void> {
  const open = await tx.db
    .selectFrom('result_nodes')
    .select(['id', 'path', 'node', 'name', 'attempt', 'jobId'])
    .where('executionId', '=', executionId)
    .where('outcome', 'is', null)
    .execute();
  if (open.length === 0) return;
  await tx.db
    .updateTable('result_nodes')
    .set({ outcome, reason: clipReason(reason), endedAt: tx.now })
    .where('executionId', '=', executionId)
    .where('outcome', 'is', null)
    .execute();
  for (const { id, path, node, name, attempt, jobId } of open) {
    tx.emit({
      kind: 'result.node',
      executionId,
      ...(jobId !== null && { jobId }),
      data: { nodeId: id, path: clipName(path, 1000), node, name, attempt, outcome },
    });
  }
}
