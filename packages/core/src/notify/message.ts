import type { Cause, EntryOutcome } from '../model/entry.ts';
import type { JobState } from '../model/job.ts';
import type { ResultOutcome } from '../results/outcome.ts';

/**
 * What a notification says: the body of webhooks as JSON, and what mails are written from. Within a `version`, fields are only added. Times are ISO-8601 in
 * UTC, spans ms. Names and reasons are text of strangers: escape them wherever you show them.
 */
export type NotificationMessage = JobFinishedMessage | JobStartedMessage | HostSetAsideMessage | TestMessage;

interface MessageOf<Type extends string, Data> {
  readonly version: 1;
  readonly type: Type;
  /** When it happened. */
  readonly timestamp: string;
  readonly data: Data;
}

/** All entries of a job are over. */
export type JobFinishedMessage = MessageOf<'job.finished', JobReport>;

/** The first execution of a job begins. */
export type JobStartedMessage = MessageOf<'job.started', Pick<JobReport, 'job'>>;

/** A host failed repair and gets no jobs until it is well again. */
export type HostSetAsideMessage = MessageOf<'host.setAside', { readonly host: ReportedHost }>;

/** Somebody tries a rule out. */
export type TestMessage = MessageOf<
  'test',
  { readonly rule: { readonly id: number; readonly owner: string }; readonly by: string }
>;

export interface JobReport {
  readonly job: ReportedJob;
  /** At most 100; the worst first. */
  readonly entries: readonly ReportedEntry[];
  /** Entries that are left out. */
  readonly moreEntries: number;
  /** Tests and commands by outcome; those with outcome 0 are left out. */
  readonly tests: { readonly total: number } & { readonly [Outcome in ResultOutcome]?: number };
  /** At most 50. */
  readonly failedTests: readonly ReportedTest[];
  /** Failed tests that are left out. */
  readonly moreFailedTests: number;
}

export interface ReportedJob {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  readonly state: JobState;
  readonly outcome?: EntryOutcome;
  readonly suiteId?: number;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** From start to end. */
  readonly durationMs?: number;
  readonly abortedBy?: string;
  readonly abortReason?: string;
  /** Its page, where the address of the web interface is configured. */
  readonly url?: string;
  /** Command that runs the job again as it was. */
  readonly reproduce: string;
}

export interface ReportedEntry {
  /** Position within the job, from 0. */
  readonly index: number;
  readonly host?: string;
  readonly outcome?: EntryOutcome;
  /** Why it neither passed nor failed; the code is of the error table. */
  readonly cause?: Cause;
  /** 1 for the first; rises with each retry. */
  readonly attempt: number;
}

export interface ReportedTest {
  readonly path: string;
  readonly outcome: ResultOutcome;
  /** At most 1000 characters. */
  readonly reason?: string;
  readonly host?: string;
}

export interface ReportedHost {
  readonly id: number;
  readonly name: string;
  /** At most 1000 characters. */
  readonly reason?: string;
  readonly url?: string;
}
