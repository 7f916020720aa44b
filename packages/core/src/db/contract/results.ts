import type { NodeKind } from '../../journal/record.ts';
import type { JsonValue } from '../../json/json-value.ts';
import type { ResultOutcome } from '../../results/outcome.ts';
import type { MetricRow, ResultNodeRow } from '../rows.ts';

export interface ResultStore {
  /** In order of first appearance. */
  nodes(query: {
    jobId?: number;
    executionId?: number;
    parentId?: number;
    outcomes?: readonly ResultOutcome[];
    kinds?: readonly NodeKind[];
    first?: number;
    afterSeq?: number;
  }): Promise<ResultNodeRow[]>;
  metrics(nodeIds: readonly number[]): Promise<MetricRow[]>;
  keyvals(executionId: number): Promise<Record<string, JsonValue>>;
  /** Newest results of a test (by node name). */
  history(query: { testName: string; host?: string; first: number; beforeId?: number }): Promise<ResultNodeRow[]>;
}
