import type { DependencyCondition } from '../../model/job.ts';
import type { JobRow, SuiteRow } from '../rows.ts';
import type { NewJob } from './jobs.ts';

/** A job of a suite that is submitted. */
export interface NewSuiteJob {
  readonly job: Omit<NewJob, 'suiteId'>;
  /** Jobs of the same suite, by their position from 0, that have to end first. */
  readonly afterSiblings?: readonly { readonly index: number; readonly when: DependencyCondition }[];
}

export interface NewSuite {
  readonly name: string;
  readonly owner: string;
  /** At least one. */
  readonly jobs: readonly NewSuiteJob[];
}

export interface SuiteStore {
  /**
   * Suite, its jobs and their events in one transaction; gives the jobs in the order in which they were named. `requestId`: a second submission with it gives
   * the first one's suite.
   *
   * @throws AutotestError as `jobs.submit`; `AT_DEPENDENCY` where siblings wait for each other
   */
  create(
    suite: NewSuite,
    options?: { requestId?: string },
  ): Promise<{ suite: SuiteRow; jobs: JobRow[]; repeated: boolean }>;
  byId(id: number): Promise<SuiteRow | undefined>;
  /** Newest first; keyset by id. */
  list(query: { first: number; beforeId?: number; owner?: string }): Promise<SuiteRow[]>;
  /** In the order of their ids. */
  jobs(suiteId: number): Promise<JobRow[]>;
  /** Marks the unfinished entries of all its jobs; gives how many. Idempotent. */
  requestAbort(suiteId: number, by: string, reason: string): Promise<number>;
}
