import type { ExecutionRow } from '@autotest/core/db';

export const executorNames = ['local', 'slurm'] as const;
export type ExecutorName = (typeof executorNames)[number];

/** An execution as its executor must know it. */
export type ExecutionKey = Pick<
  ExecutionRow,
  'id' | 'tag' | 'state' | 'resultsDir' | 'socketPath' | 'pid' | 'pidStartTicks' | 'executor' | 'externalId'
>;

/**
 * Carries executions out by autoserv processes, here or elsewhere.
 *
 * Nothing that one execution does to an executor delays another one: calls wait for no lock, and each ends by itself after a while, in success or in an error.
 */
export interface Executor {
  /** Is written to the execution's row. */
  readonly name: ExecutorName;
  /** Gets ready for starts that come. May be left out: the first start does it. */
  open(): void;
  /**
   * Starts autoserv for an execution whose results directory holds the spec. It survives this process.
   *
   * @param signal calls it off as long as nothing was started; then it rejects with the signal's reason
   * @throws ExecutionStartError the execution cannot start this way, now or later
   * @throws ExecutorUnavailableError it may be tried again; what was begun is found by `find` or by the next `start`
   */
  start(execution: ExecutionKey, signal: AbortSignal): Promise<AutoservProcess>;
  /**
   * The process that an earlier start made, also one that nobody wrote down; `undefined` where there is none any more, or never was.
   *
   * @throws ExecutorUnavailableError where that cannot be told now
   */
  find(execution: ExecutionKey): Promise<AutoservProcess | undefined>;
  /** What keeps it from starting anything now, for people; undefined where nothing does. */
  trouble(): string | undefined;
  /** Lets what runs go on. What it holds beyond that ends. */
  close(): Promise<void>;
}

/** A process that carries out an execution: started by this dispatcher or by an earlier one. */
export interface AutoservProcess {
  /** 0: not of this machine, or not yet. */
  readonly pid: number;
  /** Start time in clock ticks: tells a reused pid. Undefined where the process was gone too soon to be asked. */
  readonly startTicks: string | undefined;
  /** Its id where something else than this machine's kernel runs it: a Slurm job. */
  readonly externalId?: string;
  /** Resolves when it has come to run; at once for a process of this machine. Stays open where it never does. */
  readonly running: Promise<void>;
  /** Resolves when the process is gone. */
  readonly gone: Promise<ProcessEnd>;
  /** Sends a signal to the process, or with `group` to everything it started. Harmless when it is gone. */
  kill(signal: NodeJS.Signals, group?: boolean): void;
  /** Looks at once whether it is gone, instead of at the next poll. */
  look(): void;
  /** Stops watching. */
  unwatch(): void;
}

/** What is known of how a process ended. */
export interface ProcessEnd {
  /** Only of children. */
  readonly exitCode?: number;
  /** What whoever ran it says: `Slurm job 7 ended TIMEOUT`. Undefined where nothing is known. */
  readonly reason?: string;
  /** It did not end by itself, but was ended by whoever ran it. */
  readonly wasCut?: boolean;
}

/** Exit code of an autoserv that finds another one in its results directory. */
export const lockedExitCode = 3;
