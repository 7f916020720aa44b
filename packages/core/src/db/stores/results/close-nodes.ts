import type { Selectable } from 'kysely';
import type { ResultOutcome } from '../../../results/outcome.ts';
import type { Tables } from '../../schema.ts';
import type { Tx } from '../../session.ts';
import { chunks, clipName, clipReason } from '../../values.ts';

/** What becomes of the nodes of an execution that are still open. */
export interface ClosedNodes {
  readonly executionId: number;
  readonly outcome: ResultOutcome;
  readonly reason: string;
}

/** Ends the nodes of executions that are still open, each with an event. For executions whose journal holds no end of them and will never. */
export async function closeNodes(tx: Tx, closed: readonly ClosedNodes[]): Promise<void> {
  for (const part of chunks(closed)) {
    const open = await tx.db
      .selectFrom('result_nodes')
      .select(['id', 'executionId', 'path', 'node', 'name', 'attempt', 'jobId'])
      .where(
        'executionId',
        'in',
        part.map(({ executionId }) => executionId),
      )
      .where('outcome', 'is', null)
      .execute();
    const byExecution = Map.groupBy(open, ({ executionId }) => executionId);
    for (const one of part) {
      const nodes = byExecution.get(one.executionId);
      if (nodes) await closeOf(tx, one, nodes);
    }
  }
}

type OpenNode = Pick<
  Selectable<Tables['result_nodes']>,
  'id' | 'executionId' | 'path' | 'node' | 'name' | 'attempt' | 'jobId'
>;

async function closeOf(
  tx: Tx,
  { executionId, outcome, reason }: ClosedNodes,
  open: readonly OpenNode[],
): Promise<void> {
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
