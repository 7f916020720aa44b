import type { EntryOutcome, JobLineFragment, JobState } from '../../generated/graphql.ts';

/** What the job list is narrowed to. All of it is in the URL. */
export interface JobFilters {
  readonly owner?: string;
  readonly state?: JobState;
  readonly outcome?: EntryOutcome;
  readonly nameContains?: string;
}

export const filterStates: readonly JobState[] = ['queued', 'running', 'finished'];
export const filterOutcomes: readonly EntryOutcome[] = ['passed', 'failed', 'error', 'timedOut', 'aborted', 'stopped'];

type Query = Readonly<Record<string, unknown>>;

/** Reads the filters of a URL's query; what is not understood is passed over. */
export function filtersOfQuery(query: Query): JobFilters {
  const owner = textOf(query['owner']);
  const name = textOf(query['name']);
  const state = filterStates.find((known) => known === query['state']);
  const outcome = filterOutcomes.find((known) => known === query['outcome']);
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(state === undefined ? {} : { state }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(name === undefined ? {} : { nameContains: name }),
  };
}

/** The query of these filters: the reverse of `filtersOfQuery`. */
export function queryOfFilters(filters: JobFilters): Record<string, string> {
  return {
    ...(filters.owner === undefined ? {} : { owner: filters.owner }),
    ...(filters.state === undefined ? {} : { state: filters.state }),
    ...(filters.outcome === undefined ? {} : { outcome: filters.outcome }),
    ...(filters.nameContains === undefined ? {} : { name: filters.nameContains }),
  };
}

/** True if a job belongs into the filtered list: the server's rule, for jobs that come live. */
export function matchesFilters(job: JobLineFragment, filters: JobFilters): boolean {
  if (filters.owner !== undefined && job.owner !== filters.owner) return false;
  if (filters.state !== undefined && job.state !== filters.state) return false;
  if (filters.outcome !== undefined && job.outcome !== filters.outcome) return false;
  return filters.nameContains === undefined || job.name.toLowerCase().includes(filters.nameContains.toLowerCase());
}

function textOf(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' ? undefined : text.slice(0, 200);
}
