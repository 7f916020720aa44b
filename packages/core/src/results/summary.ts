import type { ResultNode, ResultTree } from './result-tree.ts';

/** Most nodes that a summary holds; the journal holds all. */
const maxNodes = 20_000;

/** What `results.json` tells of a result tree: outcome, counts, keyvals, and the nodes with metrics and durations, nested as they ran. */
export function summarizeTree(tree: ResultTree): Record<string, unknown> {
  let left = maxNodes;
  const kept = (nodes: readonly ResultNode[]): unknown[] => nodes.filter(() => left-- > 0).map(show);
  const show = (node: ResultNode): Record<string, unknown> => {
    const { name, path, node: kind, outcome = 'abort', originalOutcome, reason, host, subdir } = node;
    const { startedAt, endedAt, metrics, iterations, keyvals, children } = node;
    return {
      name,
      path,
      kind,
      outcome,
      ...(originalOutcome && { originalOutcome }),
      ...(reason !== undefined && { reason }),
      ...(host !== undefined && { host }),
      ...(subdir !== undefined && { subdir }),
      ...(startedAt !== undefined && { startedAt }),
      ...(startedAt !== undefined && endedAt !== undefined && { durationMs: endedAt - startedAt }),
      ...(metrics.length > 0 && { metrics }),
      ...(iterations.length > 0 && { iterations }),
      ...(Object.keys(keyvals).length > 0 && { keyvals }),
      ...(children.length > 0 && { children: kept(children) }),
    };
  };
  const results = kept(tree.roots);
  return {
    outcome: tree.outcome() ?? 'unknown',
    ...(tree.jobEnd?.reason !== undefined && { reason: tree.jobEnd.reason }),
    counts: tree.counts(),
    ...(Object.keys(tree.keyvals).length > 0 && { keyvals: tree.keyvals }),
    results,
    ...(left < 0 && { omittedNodes: -left }),
  };
}
