import type { NodeKind } from '../../../journal/record.ts';
import type { MetricDirection, ResultOutcome } from '../../../results/outcome.ts';

/** A result node while a batch is taken in. */
export interface WorkNode {
  /** Undefined until it is stored for the first time. */
  id: number | undefined;
  readonly path: string;
  readonly pathKey: string;
  readonly depth: number;
  /** Number of first appearance in the execution. */
  readonly seq: number;
  parent: WorkNode | undefined;
  /** Where the parent was not read. */
  parentId: number | undefined;
  node: NodeKind;
  name: string;
  readonly attempt: number;
  outcome: ResultOutcome | undefined;
  originalOutcome: ResultOutcome | undefined;
  reason: string | undefined;
  host: string | undefined;
  subdir: string | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
  changed: boolean;
  /** By iteration and name: the last one counts. */
  readonly metrics: Map<string, WorkMetric>;
}

export interface WorkMetric {
  readonly iteration: number;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly direction: MetricDirection;
}
