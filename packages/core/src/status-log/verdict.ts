import type { ClassicStatus } from './status.ts';

/** One patch of a kernel, as the log names it. */
export interface ClassicPatch {
  readonly spec: string;
  readonly reference: string;
  readonly hash: string;
}

/** The kernel a test ran on; `base` is `UNKNOWN` where the log does not say. */
export interface ClassicKernel {
  readonly base: string;
  readonly patches: readonly ClassicPatch[];
}

/** What a status log says about one test. Times are epoch seconds. */
export interface StatusVerdict {
  /** Numbered by first appearance in the log; 0 is the SERVER_JOB of version 1. */
  readonly id: number;
  /** Id of the test or group this one ran inside of; `null` at the top. */
  readonly parent: number | null;
  /** Directory below that of the job, as written in the log: data from a stranger. */
  readonly subdir: string | null;
  readonly testname: string;
  readonly status: ClassicStatus;
  readonly reason: string;
  readonly kernel: ClassicKernel;
  /** `null` for a record that begins and ends at once, or where the log has no time. */
  readonly started: number | null;
  readonly finished: number | null;
}

/** Something in the input that was left out or repaired. */
export interface ClassicProblem {
  /** Where it was found, when not in the status log: a path below the job's directory. */
  readonly file?: string;
  /** Line number from 1; 0 where the problem is not in a line. */
  readonly line: number;
  /** Beginning of the line. */
  readonly text: string;
  readonly why: string;
}

/** Where a parser puts what it finds. */
export interface StatusLogSink {
  /** A test has begun: `status` is RUNNING, `finished` is null. The same id comes again in `onTest`, except where the log is of version 0 and ends too early. */
  onStart?(test: StatusVerdict): void;
  /** A test has ended. Inner tests come before the one they ran in. */
  onTest(test: StatusVerdict): void;
  onProblem?(problem: ClassicProblem): void;
}

/** What a whole log says about its job. */
export interface StatusLogSummary {
  readonly lines: number;
  /** Text of the last `job_abort_reason`. */
  readonly abortReason: string;
  /** Kernel at the end. */
  readonly kernel: ClassicKernel;
  /** The log ended inside a test, group or client job. */
  readonly unfinished: boolean;
  /** The log itself says that the job was aborted: by an abort reason, a nameless ABORT or an aborted client job. */
  readonly aborted: boolean;
}

/** Takes a status log line by line. */
export interface StatusLogParser {
  /** One physical line without its newline. Never throws. */
  feed(line: string): void;
  /** Closes what is open. Call once, after the last line. */
  end(): StatusLogSummary;
}

export const unknownKernel: ClassicKernel = Object.freeze({ base: 'UNKNOWN', patches: [] });
