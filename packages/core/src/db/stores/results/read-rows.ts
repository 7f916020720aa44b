import type { MetricRow, ResultNodeRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { chunks, rowReader } from '../../values.ts';

export const nodeRow = rowReader<ResultNodeRow>({ hidden: ['pathKey'] });
const metricRow = rowReader<MetricRow>();

/** Metrics of nodes, by iteration and name. */
export async function readMetrics({ db }: Session, nodeIds: readonly number[]): Promise<MetricRow[]> {
  const metrics: MetricRow[] = [];
  for (const part of chunks(nodeIds)) {
    const rows = await db
      .selectFrom('metrics')
      .selectAll()
      .where('nodeId', 'in', part)
      .orderBy('nodeId')
      .orderBy('iteration')
      .orderBy('name')
      .execute();
    metrics.push(...rows.map(metricRow));
  }
  return metrics;
}
