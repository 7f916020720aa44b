import type { ResultNode } from '../../src/model/result-forest.ts';

/** A result node with what a test does not care about filled in. */
export function resultNode(
  id: string,
  parentId: string | null,
  outcome: ResultNode['outcome'],
  extra: Partial<ResultNode> = {},
): ResultNode {
  return {
    id,
    executionId: '1',
    parentId,
    path: id,
    depth: 1,
    node: 'test',
    name: id,
    attempt: 1,
    outcome,
    originalOutcome: null,
    reason: null,
    host: null,
    subdir: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: null,
    metrics: [],
    ...extra,
  };
}
