import { join } from 'node:path';
import type { ExecutionSpec, ResultNode } from '@autotest/core';
import { writeFileAtomic } from '@autotest/core/node';
import type { Recorder } from './recorder.ts';
import type { End } from './verdict.ts';

/** Most nodes the summary holds; the journal holds all. */
const maxNodes = 20_000;

/** Writes results.json: the tree of outcomes, metrics, counts, times, and how to run the job again. */
export function writeResultsJson(spec: ExecutionSpec, recorder: Recorder, end: End, startedAt: number): void {
  const { tree } = recorder;
  let left = maxNodes;
  const show = (node: ResultNode): Record<string, unknown> => ({
    name: node.name,
    path: node.path,
    kind: node.node,
    outcome: node.outcome ?? 'abort',
    ...(node.originalOutcome && { originalOutcome: node.originalOutcome }),
    ...(node.reason !== undefined && { reason: node.reason }),
    ...(node.host !== undefined && { host: node.host }),
    ...(node.subdir !== undefined && { subdir: node.subdir }),
    ...(node.startedAt !== undefined && { startedAt: node.startedAt }),
    ...(node.startedAt !== undefined && node.endedAt !== undefined && { durationMs: node.endedAt - node.startedAt }),
    ...(node.metrics.length > 0 && { metrics: node.metrics }),
    ...(node.iterations.length > 0 && { iterations: node.iterations }),
    ...(Object.keys(node.keyvals).length > 0 && { keyvals: node.keyvals }),
    ...(node.children.length > 0 && { children: node.children.filter(() => left-- > 0).map(show) }),
  });
  const summary = {
    version: 1,
    tag: spec.tag,
    purpose: spec.purpose,
    attempt: spec.attempt,
    ...(spec.job && {
      job: {
        id: spec.job.id,
        name: spec.job.name,
        owner: spec.job.owner,
        controlType: spec.job.controlType,
        bundleHash: spec.job.bundleHash,
        params: spec.job.params,
      },
    }),
    hosts: spec.hosts.map(({ name, transport, labels }) => ({ name, transport, labels })),
    exitClass: end.exitClass,
    ...(end.cause && { cause: end.cause }),
    outcome: tree.outcome() ?? 'unknown',
    ...(tree.jobEnd?.reason !== undefined && { reason: tree.jobEnd.reason }),
    startedAt,
    durationMs: Date.now() - startedAt,
    counts: tree.counts(),
    ...(Object.keys(tree.keyvals).length > 0 && { keyvals: tree.keyvals }),
    results: tree.roots.filter(() => left-- > 0).map(show),
    ...(left < 0 && { omittedNodes: -left }),
    ...(spec.job && {
      reproduce:
        spec.job.id > 0
          ? `autotest job rerun ${spec.job.id}`
          : `autoserv -m ${spec.hosts.map(({ name }) => name).join(',')} control.ts`,
    }),
  };
  writeFileAtomic(join(spec.resultsDir, 'results.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
}
