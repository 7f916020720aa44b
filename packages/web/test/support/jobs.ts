import type { CountsFragment, JobLineFragment } from '../../src/generated/graphql.ts';

/** A job with what a test does not care about filled in. */
export function jobLine(id: string, extra: Partial<JobLineFragment> = {}): JobLineFragment {
  return {
    id,
    name: `job ${id}`,
    owner: 'ana',
    state: 'queued',
    outcome: null,
    priority: 'medium',
    createdAt: '2026-01-01T00:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    ...extra,
  };
}

export const noCounts: CountsFragment = {
  total: 0,
  pass: 0,
  fail: 0,
  error: 0,
  warn: 0,
  skip: 0,
  abort: 0,
  timeout: 0,
  unknown: 0,
  running: 0,
};
