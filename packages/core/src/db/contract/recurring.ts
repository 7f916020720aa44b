import type { JobRow, MissedRunPolicy, RecurringRow } from '../rows.ts';
import type { NewJob } from './jobs.ts';

/** When something recurs: by a cron expression of five fields in a time zone (`UTC` where none is named), or every so often. */
export type Schedule =
  | { readonly cron: string; readonly timezone?: string; readonly everyMs?: undefined }
  | { readonly everyMs: number; readonly cron?: undefined; readonly timezone?: undefined };

/** What a recurring job submits each time. Hosts by their names: a host may be registered anew meanwhile. */
export interface RecurringJob extends Omit<
  NewJob,
  'owner' | 'bundleHash' | 'hostIds' | 'oneTimeHosts' | 'account' | 'suiteId' | 'recurringId' | 'traceParent'
> {
  readonly hosts: readonly string[];
}

export interface NewRecurring {
  readonly name: string;
  readonly owner: string;
  readonly bundleHash: string;
  readonly job: RecurringJob;
  readonly schedule: Schedule;
  readonly missed: MissedRunPolicy;
  /** Submissions until it ends; undefined: without end. */
  readonly remaining?: number;
  /** Nothing is submitted before; of `everyMs` it is the first time. */
  readonly startAt?: number;
}

export interface RecurringPatch {
  readonly name?: string;
  /** Enabled again it goes on with its next time from now: what passed meanwhile was not missed. */
  readonly enabled?: boolean;
  readonly schedule?: Schedule;
  readonly missed?: MissedRunPolicy;
  /** null: without end. */
  readonly remaining?: number | null;
}

/** What became of a recurring job whose time had come. */
export interface RecurringRun {
  /** As it is afterwards. */
  readonly recurring: RecurringRow;
  /** Submitted. */
  readonly jobIds: readonly number[];
  /** What was left out of missed runs. */
  readonly note?: string;
  /** Why nothing was submitted; it is tried again at the next time. */
  readonly problem?: string;
}

export interface RecurringStore {
  /** @throws AutotestError `AT_SCHEDULE` */
  add(recurring: NewRecurring): Promise<RecurringRow>;
  /** @throws AutotestError `AT_SCHEDULE`, `AT_NOT_FOUND` */
  update(id: number, patch: RecurringPatch, by: string): Promise<RecurringRow>;
  /** False: there is none. The jobs that it submitted stay. */
  remove(id: number, by: string): Promise<boolean>;
  byId(id: number): Promise<RecurringRow | undefined>;
  /** Newest first; keyset by id. */
  list(query: { first: number; beforeId?: number; owner?: string }): Promise<RecurringRow[]>;
  /** When the next one is due, ms since the epoch. */
  nextAt(): Promise<number | undefined>;
  /**
   * Submits what is due at `now` (at most 100 recurring jobs) and moves each on to its next time, one transaction for each: whoever comes second finds it moved, and
   * a crash leaves it due. A time is submitted once, whatever clocks do. What cannot be submitted is moved on, with `problem`, and does not keep others from it.
   */
  claimDue(now: number): Promise<RecurringRun[]>;
  /** Submits once more than scheduled. @throws AutotestError `AT_NOT_FOUND`, or why it cannot be submitted */
  runNow(id: number): Promise<JobRow>;
}
