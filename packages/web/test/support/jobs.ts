import type { CountsFragment, JobLineFragment } from '../../src/generated/graphql.ts';
import { countOutcomes } from '../../src/model/counts.ts';

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

export const noCounts: CountsFragment = countOutcomes([]);
