import type { ClassicIteration, Keyval, KeyvalValue } from './keyval.ts';
import type { ClassicKernel, ClassicProblem, StatusVerdict } from './verdict.ts';

/** One test of a result tree of the original Autotest. Times are epoch seconds. */
export interface ClassicTest extends Omit<StatusVerdict, 'kernel'> {
  /** `hash` identifies kernel and patches (MD5, as in the original's database); `UNKNOWN` for an unknown kernel. */
  readonly kernel: ClassicKernel & { readonly hash: string };
  readonly machine: string;
  readonly iterations: readonly ClassicIteration[];
  /** Keyval of the test, and `host-<key>` for what is known of its host. Version 0 always has `version`, null where unknown. */
  readonly attributes: Readonly<Record<string, KeyvalValue | null>>;
}

/** How the process that ran the job ended. */
export interface ClassicExit {
  readonly exitCode: number | null;
  readonly signal: number | null;
}

/** One execution: a job, or one host of a job that ran on several. */
export interface ClassicJob {
  /** Path below the directory that was read, empty for itself. */
  readonly path: string;
  /** Version of the status log. */
  readonly version: 0 | 1;
  readonly user: string | null;
  readonly label: string | null;
  readonly machine: string;
  /** Platforms of the hosts, sorted, comma-separated. */
  readonly machineGroup: string;
  readonly queued: number | null;
  readonly started: number | null;
  readonly finished: number | null;
  readonly owner: string | null;
  readonly abortedBy: string | null;
  readonly abortedOn: number | null;
  readonly keyval: Readonly<Keyval>;
  /** null where the pid file is missing or incomplete: the process runs, or has died. */
  readonly exit: ClassicExit | null;
  /** In the order in which they appear in the log. */
  readonly tests: readonly ClassicTest[];
  /** What was left out or repaired. */
  readonly problems: readonly ClassicProblem[];
}
