import { join } from 'node:path';
import type { ResultNode, ResultTree } from '@autotest/core';
import { writeFileAtomic } from '@autotest/core/node';

const maxNodes = 20_000;

/** Writes results.json: the summary of a run, in the same shape as autoserv's. */
export function writeResultsJson(resultsDir: string, name: string, tree: ResultTree, startedAt: number): void {
  let left = maxNodes;
  const show = (node: ResultNode): Record<string, unknown> => {
    const { path, node: kind, outcome = 'abort', originalOutcome, reason, subdir, endedAt, metrics, iterations } = node;
    return {
      name: node.name,
      path,
      kind,
      outcome,
      ...(originalOutcome && { originalOutcome }),
      ...(reason !== undefined && { reason }),
      ...(subdir !== undefined && { subdir }),
      ...(node.startedAt !== undefined && { startedAt: node.startedAt }),
      ...(node.startedAt !== undefined && endedAt !== undefined && { durationMs: endedAt - node.startedAt }),
      ...(metrics.length > 0 && { metrics }),
      ...(iterations.length > 0 && { iterations }),
      ...(Object.keys(node.keyvals).length > 0 && { keyvals: node.keyvals }),
      ...(node.children.length > 0 && { children: node.children.filter(() => left-- > 0).map(show) }),
    };
  };
  const summary = {
    version: 1,
    tag: 'local',
    purpose: 'job',
    job: { name, controlType: 'client' },
    exitClass: tree.end?.exitClass ?? 'lost',
    ...(tree.end?.cause && { cause: tree.end.cause }),
    outcome: tree.outcome() ?? 'unknown',
    ...(tree.jobEnd?.reason !== undefined && { reason: tree.jobEnd.reason }),
    startedAt,
    durationMs: Date.now() - startedAt,
    counts: tree.counts(),
    ...(Object.keys(tree.keyvals).length > 0 && { keyvals: tree.keyvals }),
    results: tree.roots.filter(() => left-- > 0).map(show),
    ...(left < 0 && { omittedNodes: -left }),
    reproduce: 'autotest client run control.ts',
  };
  writeFileAtomic(join(resultsDir, 'results.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
}
