import { join } from 'node:path';
import { summarizeTree, type ExecutionSpec } from '@autotest/core';
import { writeFileAtomic } from '@autotest/core/node';
import type { Recorder } from './recorder.ts';
import type { End } from './verdict.ts';

/** Writes results.json: the tree of outcomes, metrics, counts, times, and how to run the job again. */
export function writeResultsJson(spec: ExecutionSpec, recorder: Recorder, end: End, startedAt: number): void {
  const { job } = spec;
  const hosts = spec.hosts.map(({ name }) => name).join(',');
  const summary = {
    version: 1,
    tag: spec.tag,
    purpose: spec.purpose,
    attempt: spec.attempt,
    ...(job && {
      job: {
        id: job.id,
        name: job.name,
        owner: job.owner,
        controlType: job.controlType,
        bundleHash: job.bundleHash,
        params: job.params,
      },
    }),
    hosts: spec.hosts.map(({ name, transport, labels }) => ({ name, transport, labels })),
    exitClass: end.exitClass,
    ...(end.cause && { cause: end.cause }),
    startedAt,
    durationMs: Date.now() - startedAt,
    ...summarizeTree(recorder.tree),
    ...(job && { reproduce: job.id > 0 ? `autotest job rerun ${job.id}` : `autoserv -m ${hosts} control.ts` }),
  };
  writeFileAtomic(join(spec.resultsDir, 'results.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
}
