import type { ControlMetadata, ControlType } from '../control/metadata.ts';
import type { JsonValue } from '../json/json-value.ts';
import type { Cause, EntryOutcome, EntryState } from '../model/entry.ts';
import type { ExecutionState, ExitClass, Purpose } from '../model/execution.ts';
import type { HostSpec } from '../execution/spec.ts';
import type { HostState } from '../model/host.ts';
import type { DependencyCondition, JobState, RebootAfter, RebootBefore, ReserveOn } from '../model/job.ts';
import type { WaitReason } from '../model/wait.ts';
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
  /** Shares hosts with the others of this name. */
  readonly team?: string;
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
  /** Login of the person who has it for a while; only that person's jobs run on it. */
  readonly reservedBy?: string;
  readonly reservedUntil?: number;
  readonly reserveReason?: string;
  /** Share of its latest work that did not fail for the host's sake, the newest counting most: 0 to 1. */
  readonly health: number;
  /** Repairs in a row that did not help. */
  readonly repairFailures: number;
  /** When the last repair ended. */
  readonly repairedAt?: number;
  /** What it was provisioned with last. */
  readonly image?: string;
  /** Registered for one job only. */
  readonly oneTime: boolean;
  readonly createdAt: number;
}

/** A job that has to end first; `passed`: and with that outcome. */
export interface JobDependency {
  readonly jobId: number;
  readonly when: DependencyCondition;
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
  /** No output for so long ends an execution; 0: no limit. */
  readonly idleTimeoutMs: number;
  /** How often an entry is tried again after a failure of the lab. */
  readonly infraRetries: number;
  /** How often an entry is tried again after a failure of a test. */
  readonly retries: number;
  /** Key of a label whose value all hosts of a group share. */
  readonly sameValueOf?: string;
  /** What hosts are provisioned with first. */
  readonly provision?: string;
  /** When the owner keeps the hosts after the job. */
  readonly reserveOn: ReserveOn;
  readonly reserveMs: number;
  /** Whose share its hosts count to: the owner's team, or the owner. */
  readonly account: string;
  /** Only dispatchers of this set run it. */
  readonly pool?: string;
  readonly suiteId?: number;
  readonly recurringId?: number;
  /** Jobs that have to end first. */
  readonly after?: readonly JobDependency[];
  /** W3C trace context of the submission. */
  readonly traceParent?: string;
  /** Entries in all, those with a host or an execution, and those that are over. */
  readonly entryCount: number;
  readonly activeCount: number;
  readonly finishedCount: number;
  /** Of the entries that are over. */
  readonly worstOutcome?: EntryOutcome;
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
  /** Why it waits while it is queued: a row of `waits`. */
  readonly waitId?: number;
  /** Who answers for it from its assignment on. */
  readonly dispatcherId?: string;
  /** 1 for the first; rises with each retry. */
  readonly attempt: number;
  readonly infraFailures: number;
  readonly testFailures: number;
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
  /** What carries it out: `local`, `slurm`. */
  readonly executor: string;
  /** Its id there. */
  readonly externalId?: string;
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
  /** Who answers for it. */
  readonly dispatcherId?: string;
  readonly executionId?: number;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly finishedAt?: number;
}

export interface LeaseRow {
  readonly hostId: number;
  /** Undefined: nobody holds it; the row stays so that the epoch never falls. */
  readonly holder?: { readonly kind: 'entry' | 'task'; readonly id: number };
  readonly epoch: number;
  readonly dispatcherId: string;
  readonly takenAt: number;
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
  /** Rises whenever a process takes this id and when it is declared dead; what writes under an older one is refused. */
  readonly epoch: number;
  readonly maxExecutions: number;
  /** It finishes what it has and takes nothing new. */
  readonly draining: boolean;
  /** Names of the sets that it belongs to. */
  readonly pools: readonly string[];
  /** Logins of the only owners whose jobs it takes; undefined: everybody's. */
  readonly onlyUsers?: readonly string[];
  /** Where its results are served. */
  readonly url?: string;
  /** What keeps it from starting anything. */
  readonly shortage?: string;
}

/** Why entries wait: one row for all that wait for the same. */
export interface WaitRow {
  readonly id: number;
  readonly key: string;
  readonly code: string;
  readonly reason: WaitReason;
  readonly changedAt: number;
}

/** At most so many entries of a queue are counted; one more stands for all numbers above. */
export const maxCountedPosition = 10_000;

/** Where an entry stands among those that wait for the same, by priority and age. Fair share may let others go first. */
export interface QueuePosition {
  /** From 1. Of a queue that is longer than what is counted: at least. */
  readonly position: number;
  readonly queueLength: number;
}

export interface AccountRow {
  readonly name: string;
  /** Share of the hosts relative to others. */
  readonly weight: number;
  /** Hosts it may hold at once. */
  readonly maxHosts?: number;
}

export interface LabelRow {
  readonly name: string;
  readonly description?: string;
  /** Keeps a host out of what does not ask for the label. */
  readonly onlyIfNeeded: boolean;
}

export interface AclGroupRow {
  readonly id: number;
  readonly name: string;
  readonly description?: string;
  /** Logins. */
  readonly users: readonly string[];
  readonly hostIds: readonly number[];
}

/** What one dispatcher does for all. */
export interface RoleRow {
  readonly name: string;
  readonly dispatcherId: string;
  /** Rises with each holder. */
  readonly epoch: number;
  /** Of the holder as a dispatcher: when that one's is another, the role is free. */
  readonly holderEpoch: number;
}

export interface DurationRow {
  readonly name: string;
  readonly runs: number;
  readonly meanMs: number;
  readonly varianceMs2: number;
  readonly changedAt: number;
}

export interface SuiteRow {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  readonly jobCount: number;
  readonly finishedCount: number;
  readonly worstOutcome?: EntryOutcome;
  readonly createdAt: number;
  readonly finishedAt?: number;
}

export const missedRunPolicies = ['skip', 'once', 'all'] as const;
/** What becomes of runs whose time passed while nobody was there. */
export type MissedRunPolicy = (typeof missedRunPolicies)[number];

export interface RecurringRow {
  readonly id: number;
  readonly version: number;
  readonly name: string;
  readonly owner: string;
  readonly enabled: boolean;
  readonly bundleHash: string;
  /** JSON of the submission. */
  readonly job: string;
  readonly cron?: string;
  readonly timezone?: string;
  readonly everyMs?: number;
  readonly missed: MissedRunPolicy;
  /** Submissions left; undefined: without end. */
  readonly remaining?: number;
  readonly nextAt?: number;
  readonly lastAt?: number;
  readonly lastJobId?: number;
  /** Why the last submission failed. */
  readonly problem?: string;
  readonly createdAt: number;
}

export const notificationChannels = ['mail', 'webhook'] as const;
export type NotificationChannel = (typeof notificationChannels)[number];

/** What a rule is told of; an empty field asks for nothing. */
export interface NotificationFilter {
  /** `finished` of a job, `started` of its first entry, `setAside` of a host. @default ['job.finished'] */
  readonly on?: readonly ('job.finished' | 'job.started' | 'host.setAside')[];
  /** Only jobs with one of these outcomes. */
  readonly outcomes?: readonly EntryOutcome[];
  /** Only jobs of this owner. */
  readonly owner?: string;
  /** Only jobs whose name contains this. */
  readonly nameContains?: string;
  readonly suiteId?: number;
}

export interface NotificationRuleRow {
  readonly id: number;
  readonly owner: string;
  readonly jobId?: number;
  readonly channel: NotificationChannel;
  /** Addresses separated by commas, or a URL. */
  readonly target: string;
  readonly secret?: string;
  readonly filter: NotificationFilter;
  readonly enabled: boolean;
  readonly createdAt: number;
}

export const deliveryStates = ['queued', 'sending', 'sent', 'failed'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export interface DeliveryRow {
  readonly id: number;
  readonly ruleId: number;
  readonly eventId?: number;
  readonly jobId?: number;
  /** JSON of the message. */
  readonly payload: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly nextAt?: number;
  readonly problem?: string;
  readonly createdAt: number;
  readonly sentAt?: number;
}
