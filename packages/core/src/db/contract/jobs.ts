import type { EntryRow, ExecutionRow, JobRow, TaskRow } from '../rows.ts';
import type { NewNotificationRule } from './notifications.ts';

/** What a submission may leave open. */
type Unasked = 'idleTimeoutMs' | 'infraRetries' | 'retries' | 'reserveOn' | 'reserveMs' | 'account';

/** What a submission says of a job. */
export interface NewJob
  extends
    Omit<
      JobRow,
      | 'id'
      | 'state'
      | 'outcome'
      | 'controlType'
      | 'createdAt'
      | 'startedAt'
      | 'finishedAt'
      | 'abortedBy'
      | 'abortReason'
      | 'entryCount'
      | 'activeCount'
      | 'finishedCount'
      | 'worstOutcome'
      | Unasked
    >,
    Partial<Pick<JobRow, Unasked>> {
  /** One entry each: a host by id. */
  readonly hostIds: readonly number[];
  /** Entries whose host is to be chosen. None of any kind: a job without hosts. */
  readonly anyHosts: number;
  /** One entry each: hosts that are registered with the job, for it alone. */
  readonly oneTimeHosts?: readonly OneTimeHost[];
}

/** A host for one job, as it is reached over SSH; it is named by its address. */
export interface OneTimeHost {
  readonly address: string;
  readonly port: number;
  readonly user: string;
}

export interface JobStore {
  /**
   * Job, one-time hosts, entries, rules of notification about it, and events in one transaction. `requestId`: a second submission with it gives the first
   * one's job, and adds no rules. Without an `account` it counts to the team of its owner.
   *
   * @throws AutotestError `AT_DEPENDENCY` where a job of `after` is none, or can never end as asked; `AT_HOST_TAKEN` where a one-time host is registered already
   */
  submit(
    job: NewJob,
    options?: { requestId?: string; notify?: readonly Omit<NewNotificationRule, 'jobId'>[] },
  ): Promise<{ job: JobRow; entries: EntryRow[]; repeated: boolean }>;
  byId(id: number): Promise<JobRow | undefined>;
  /** Newest first; keyset by id. */
  list(query: {
    first: number;
    beforeId?: number;
    owner?: string;
    state?: string;
    outcome?: string;
    nameContains?: string;
  }): Promise<JobRow[]>;
  entries(jobId: number): Promise<EntryRow[]>;
  entriesOf(jobIds: readonly number[]): Promise<EntryRow[]>;
  executions(jobId: number): Promise<ExecutionRow[]>;
  executionById(id: number): Promise<ExecutionRow | undefined>;
  /** Newest first. */
  tasksOf(query: { jobId?: number; hostId?: number; first: number }): Promise<TaskRow[]>;
  /** Marks the job's unfinished entries; gives how many. Idempotent. */
  requestAbort(jobId: number, by: string, reason: string): Promise<number>;
}
