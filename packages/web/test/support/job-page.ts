import type { JobPageQuery } from '../../src/generated/graphql.ts';
import { jobLine } from './jobs.ts';

export type LoadedJob = NonNullable<JobPageQuery['job']>;

/** A job as its page reads it, with what a test does not care about filled in. */
export function loadedJob(extra: Partial<LoadedJob> = {}): LoadedJob {
  return {
    ...jobLine('7', { state: 'running', startedAt: '2026-01-01T00:00:05.000Z' }),
    controlType: 'client',
    syncCount: 1,
    timeout: 86_400_000,
    maxRuntime: 7_200_000,
    needs: null,
    abortedBy: null,
    abortReason: null,
    doc: 'A sample.',
    params: { size: 64 },
    keyvals: {},
    control: { fileName: 'control.ts', source: 'export default 1;\n', bundleHash: 'abcdef0123456789' },
    entries: [entry()],
    executions: [],
    tasks: [],
    results: [],
    ...extra,
  };
}

/** An entry that waits. */
export function entry(extra: Partial<LoadedJob['entries'][number]> = {}): LoadedJob['entries'][number] {
  return {
    id: '70',
    index: 0,
    state: 'queued',
    outcome: null,
    cause: null,
    host: null,
    waiting: null,
    execution: null,
    queuedAt: '2026-01-01T00:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    ...extra,
  };
}
