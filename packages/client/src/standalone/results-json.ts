import { join } from 'node:path';
import { summarizeTree, type ResultTree } from '@autotest/core';
import { writeFileAtomic } from '@autotest/core/node';

/** Writes results.json: the summary of a run, in the same shape as autoserv's. */
export function writeResultsJson(resultsDir: string, name: string, tree: ResultTree, startedAt: number): void {
  const summary = {
    version: 1,
    tag: 'local',
    purpose: 'job',
    job: { name, controlType: 'client' },
    exitClass: tree.end?.exitClass ?? 'lost',
    ...(tree.end?.cause && { cause: tree.end.cause }),
    startedAt,
    durationMs: Date.now() - startedAt,
    ...summarizeTree(tree),
    reproduce: 'autotest client run control.ts',
  };
  writeFileAtomic(join(resultsDir, 'results.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
}
