import { shallowReactive } from 'vue';
import type { CountsFragment, JobLineFragment } from '../../generated/graphql.ts';
import { matchesFilters, type JobFilters } from './job-filters.ts';

/** One row of the list. Replaced as a whole where the job changed, so that only its own row is drawn again. */
export interface JobListRow {
  readonly job: JobLineFragment;
  readonly counts: CountsFragment | undefined;
  /** It came while the list was open. */
  readonly isNew: boolean;
}

/**
 * The rows of the job list, newest first. Events that come while the first page is on its way are kept and applied after it, so that nothing is
 * lost in between. The cost of an event does not depend on how many rows there are.
 */
export class JobList {
  readonly rows = shallowReactive(new Map<string, JobListRow>());
  /** Ids of the rows in order; new ones are put in front. */
  readonly order = shallowReactive<string[]>([]);
  readonly #filters: JobFilters;
  #early: JobLineFragment[] | undefined = [];

  constructor(filters: JobFilters) {
    this.#filters = filters;
  }

  /** Puts a page of the server behind what is there; the first one ends the wait. */
  addPage(page: readonly (JobLineFragment & { counts: CountsFragment })[]): void {
    for (const { counts, ...job } of page) {
      if (!this.rows.has(job.id)) this.order.push(job.id);
      this.rows.set(job.id, { job, counts, isNew: false });
    }
    const early = this.#early;
    this.#early = undefined;
    for (const job of early ?? []) this.takeJob(job);
  }

  /** Takes a job as an event brought it. */
  takeJob(job: JobLineFragment): void {
    if (this.#early !== undefined) {
      this.#early.push(job);
      return;
    }
    const row = this.rows.get(job.id);
    if (row !== undefined) {
      // A row stays where it is even if it no longer matches: rows that vanish under the hand are worse than one too many.
      this.rows.set(job.id, { ...row, job });
      return;
    }
    if (!matchesFilters(job, this.#filters) || !this.#isNewest(job.id)) return;
    this.rows.set(job.id, { job, counts: undefined, isNew: true });
    this.order.unshift(job.id);
  }

  setCounts(jobId: string, counts: CountsFragment): void {
    const row = this.rows.get(jobId);
    if (row !== undefined) this.rows.set(jobId, { ...row, counts });
  }

  /** Older jobs come by paging, in their place. */
  #isNewest(id: string): boolean {
    const first = this.order[0];
    return first === undefined || Number(id) > Number(first);
  }
}
