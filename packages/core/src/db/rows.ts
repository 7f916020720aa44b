import type { ControlMetadata, ControlType } from '../control/metadata.ts';
import type { JsonValue } from '../json/json-value.ts';
import type { Cause, EntryOutcome, EntryState } from '../model/entry.ts';
import type { ExecutionState, ExitClass, Purpose } from '../model/execution.ts';
import type { HostSpec } from '../execution/spec.ts';
import type { HostState } from '../model/host.ts';
import type { JobState, RebootAfter, RebootBefore } from '../model/job.ts';
import type { TaskKind, TaskOutcome, TaskState } from '../model/task.ts';
import type { NodeKind } from '../journal/record.ts';
import type { MetricDirection, ResultOutcome } from '../results/outcome.ts';

/** Plain rows as stores give them. Times are ms since the epoch, durations ms. */

export const roles = ['admin', 'user', 'viewer'] as const;
export type Role = (typeof roles)[number];

export interface UserRow {
  readonly id: number;
  readonly login: string;
  readonly role: Role;
  readonly createdAt: number;
}

export interface TokenRow {
  readonly id: number;
  readonly userId: number;
  readonly name: string;
  /** `login`: usable once, for a session · `session`: of a browser · `api`: of scripts and the CLI. */
  readonly kind: 'login' | 'session' | 'api';
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly usedAt?: number;
}

export interface HostRow extends HostSpec {
  readonly id: number;
  readonly version: number;
  readonly state: HostState;
  readonly dirty: boolean;
  readonly lockedBy?: string;
  readonly lockReason?: string;
  readonly lockedUntil?: number;
  readonly draining: boolean;
  readonly quarantineReason?: string;
  /** When a host set aside is verified again. */
  readonly reverifyAt?: number;
  readonly createdAt: number;
}

export interface JobRow {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  /** Derived from the entries, kept in the same transaction. */
  readonly state: JobState;
  readonly outcome?: EntryOutcome;
  readonly priority: number;
  readonly controlType: ControlType;
  readonly bundleHash: string;
  readonly metadata: ControlMetadata;
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly keyvals: Readonly<Record<string, JsonValue>>;
  readonly needs?: string;
  readonly syncCount: number;
  readonly runVerify: boolean;
  readonly rebootBefore: RebootBefore;
  readonly rebootAfter: RebootAfter;
  readonly timeoutMs: number;
  readonly maxRuntimeMs: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly abortedBy?: string;
  readonly abortReason?: string;
}

export interface EntryRow {
  readonly id: number;
  readonly jobId: number;
  /** Position within the job, from 0. */
  readonly index: number;
  readonly version: number;
  readonly state: EntryState;
  readonly outcome?: EntryOutcome;
  readonly cause?: Cause;
  /** Named host, or the one chosen. Undefined: still to be chosen, or a job without hosts. */
  readonly hostId?: number;
  readonly named: boolean;
  readonly hostless: boolean;
  readonly executionId?: number;
  /** Why it waits; kept current by the dispatcher. */
  readonly waiting?: { readonly code: string; readonly message: string };
  readonly abortRequested: boolean;
  readonly hostFailures: number;
  /** Hosts on which this entry failed already. */
  readonly triedHostIds: readonly number[];
  /** Host id on which repair was tried for this entry. */
  readonly repairedHostIds: readonly number[];
  readonly queuedAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

export interface ExecutionRow {
  readonly id: number;
  readonly version: number;
  readonly state: ExecutionState;
  readonly purpose: Purpose;
  readonly jobId?: number;
  readonly taskId?: number;
  readonly attempt: number;
  readonly epoch: number;
  /** Relative to the results root. */
  readonly tag: string;
  readonly resultsDir: string;
  readonly socketPath: string;
  readonly dispatcherId: string;
  readonly pid?: number;
  /** Start time of the process in clock ticks (/proc/PID/stat field 22): tells a reused pid. */
  readonly pidStartTicks?: string;
  readonly exitClass?: ExitClass;
  readonly cause?: Cause;
  readonly deadlineAt?: number;
  /** Bytes of the journal that are in the rows. */
  readonly journalOffset: number;
  readonly journalSeq: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
}

export interface TaskRow {
  readonly id: number;
  readonly version: number;
  readonly hostId: number;
  readonly entryId?: number;
  readonly kind: TaskKind;
  readonly state: TaskState;
  readonly outcome?: TaskOutcome;
  readonly cause?: Cause;
  readonly requestedBy: string;
  readonly executionId?: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

export interface LeaseRow {
  readonly hostId: number;
  readonly holder: { readonly kind: 'entry' | 'task'; readonly id: number };
  readonly epoch: number;
  readonly dispatcherId: string;
  readonly expiresAt: number;
}

export interface ResultNodeRow {
  readonly id: number;
  readonly executionId: number;
  readonly jobId?: number;
  readonly parentId?: number;
  /** Escaped segments joined by `/`: identity within the execution, with `attempt`. */
  readonly path: string;
  readonly depth: number;
  readonly node: NodeKind;
  readonly name: string;
  readonly attempt: number;
  /** Undefined while it runs. */
  readonly outcome?: ResultOutcome;
  readonly originalOutcome?: ResultOutcome;
  readonly reason?: string;
  readonly host?: string;
  readonly subdir?: string;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Order of first appearance in the journal. */
  readonly seq: number;
}

export interface MetricRow {
  readonly nodeId: number;
  /** 0 outside iterations. */
  readonly iteration: number;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly direction: MetricDirection;
}

export interface DispatcherRow {
  readonly id: string;
  readonly machine: string;
  readonly pid: number;
  readonly startedAt: number;
  readonly heartbeatAt: number;
}
