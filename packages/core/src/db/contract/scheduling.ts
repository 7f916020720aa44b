import type { JournalRecord } from '../../journal/record.ts';
import type { Cause, EntryOutcome } from '../../model/entry.ts';
import type { ExitClass, Purpose } from '../../model/execution.ts';
import type { TaskOutcome } from '../../model/task.ts';
import type { WaitReason } from '../../model/wait.ts';
import type {
  AccountRow,
  DispatcherRow,
  DurationRow,
  EntryRow,
  ExecutionRow,
  HostRow,
  JobRow,
  LeaseRow,
  RoleRow,
  TaskRow,
} from '../rows.ts';
import type { Change } from '../stores/scheduling/change.ts';

export interface EntryPatch {
  readonly hostId?: number | null;
  readonly executionId?: number | null;
  readonly outcome?: EntryOutcome | null;
  readonly cause?: Cause | null;
  readonly dispatcherId?: string | null;
  readonly attempt?: number;
  readonly infraFailures?: number;
  readonly testFailures?: number;
  readonly hostFailures?: number;
  readonly triedHostIds?: readonly number[];
  readonly repairedHostIds?: readonly number[];
}

export interface HostPatch {
  readonly dirty?: boolean;
  readonly reverifyAt?: number | null;
  readonly reservedBy?: string | null;
  readonly reservedUntil?: number | null;
  readonly reserveReason?: string | null;
  readonly health?: number;
  readonly repairFailures?: number;
  readonly repairedAt?: number | null;
  readonly image?: string | null;
  /** For the event only. */
  readonly reason?: string;
}

/** What an event of a special task tells of besides the task. */
type EntryOfTask = Pick<EntryRow, 'id' | 'jobId'>;

export interface NewTask extends Pick<TaskRow, 'hostId' | 'kind' | 'requestedBy' | 'dispatcherId'> {
  readonly entry?: EntryOfTask;
}

export interface TaskPatch {
  readonly outcome?: TaskOutcome;
  readonly cause?: Cause;
  readonly executionId?: number;
  readonly dispatcherId?: string;
  readonly entry?: EntryOfTask;
}

export interface NewExecution {
  readonly purpose: Purpose;
  readonly jobId?: number;
  readonly taskId?: number;
  readonly attempt: number;
  readonly epoch: number;
  readonly tag: string;
  readonly resultsDir: string;
  readonly socketPath: string;
  readonly dispatcherId: string;
  readonly executor?: string;
  readonly deadlineAt?: number;
}

export interface ExecutionPatch {
  readonly pid?: number;
  readonly pidStartTicks?: string;
  readonly externalId?: string;
  readonly exitClass?: ExitClass;
  readonly cause?: Cause;
}

/** Under which name and epoch a dispatcher writes; with a role, also under that of the role. A stale one writes nothing. */
export interface Fence {
  readonly dispatcherId: string;
  readonly epoch: number;
  readonly role?: Pick<RoleRow, 'name' | 'epoch'>;
}

/** Rows that scheduling looks at. */
export interface SchedulingRows {
  readonly entries: readonly EntryRow[];
  readonly jobs: readonly JobRow[];
  readonly hosts: readonly HostRow[];
  readonly executions: readonly ExecutionRow[];
  readonly tasks: readonly TaskRow[];
  readonly leases: readonly LeaseRow[];
}

export interface RowIds {
  readonly entries?: readonly number[];
  /** With their entries that are not over. */
  readonly jobs?: readonly number[];
  /** With their leases. */
  readonly hosts?: readonly number[];
  readonly executions?: readonly number[];
  readonly tasks?: readonly number[];
  /** Entries that run in these executions. */
  readonly entriesOfExecutions?: readonly number[];
}

/** What people decided about who gets what. */
export interface SchedulingRules {
  readonly accounts: readonly AccountRow[];
  /** Labels that keep a host out of what does not ask for them. */
  readonly onlyIfNeeded: readonly string[];
  /** Ids of the groups of each login. */
  readonly groupsOfUsers: ReadonlyMap<string, readonly number[]>;
  /** Ids of the groups of each host, by host id. A host in none is everybody's. */
  readonly groupsOfHosts: ReadonlyMap<number, readonly number[]>;
  /** Logins that may use every host. */
  readonly admins: readonly string[];
  readonly dispatchers: readonly DispatcherRow[];
}

/** State of a job after some of its entries moved. */
export type JobProgress = Pick<
  JobRow,
  | 'id'
  | 'state'
  | 'outcome'
  | 'worstOutcome'
  | 'entryCount'
  | 'activeCount'
  | 'finishedCount'
  | 'startedAt'
  | 'finishedAt'
>;

export interface Committed {
  /** For each change whether it was carried out. */
  readonly committed: readonly boolean[];
  /** Jobs whose state or counts changed with them. */
  readonly jobs: readonly JobProgress[];
  /** Ids of the first and the last event, where nobody else's are between them. */
  readonly events?: { readonly first: number; readonly last: number };
}

export interface SchedulingStore {
  /** All that is not over, all hosts and all leases, as of one moment. */
  load(): Promise<SchedulingRows>;
  /** Rows by their ids, finished ones too. */
  reload(ids: RowIds): Promise<SchedulingRows>;
  rules(): Promise<SchedulingRules>;
  /** How long jobs ran, of the names of which something ended since then (ms since the epoch), by name. */
  durations(changedSince: number): Promise<DurationRow[]>;
  /** Reserves `count` ids for rows to come; gives the first. */
  reserveIds(table: 'tasks' | 'executions', count: number): Promise<number>;
  /**
   * Carries out changes in one transaction, each as a whole or not at all. A change whose rows somebody else changed, or is changing at this moment, is left out.
   *
   * @throws FencedError
   */
  commit(changes: readonly Change[], fence?: Fence): Promise<Committed>;
  /** Makes one change, with at most 16 new tasks and executions each, and commits it. `undefined`: a race was lost, nothing is changed. */
  write<T>(work: (change: Change) => T): Promise<T | undefined>;
  /** Stores reasons, and ties to each the entries that wait for it from now on (queued ones only; ties that stand stay). */
  setWaits(
    waits: readonly { readonly key: string; readonly reason: WaitReason; readonly entryIds: readonly number[] }[],
    fence?: Fence,
  ): Promise<void>;
  /** Takes a role that is free, or says who has it. @throws FencedError */
  takeRole(name: string, fence: Fence): Promise<{ taken: boolean; role: RoleRow }>;
  resignRole(name: string, fence: Fence): Promise<void>;
  /** A process takes this id: whoever had it before cannot write any more. Gives the epoch under which it writes. */
  register(dispatcher: Omit<DispatcherRow, 'heartbeatAt' | 'epoch' | 'draining' | 'shortage'>): Promise<number>;
  /** A sign of life. False: somebody else has the id by now, or declared this one dead. */
  beat(dispatcher: Pick<DispatcherRow, 'id' | 'epoch' | 'shortage'>): Promise<boolean>;
  /** Declares a dispatcher dead that gave no sign since `heartbeatAt`: nothing that it writes is accepted any more. False: it lives after all. */
  declareDead(dispatcher: Pick<DispatcherRow, 'id' | 'epoch' | 'heartbeatAt'>): Promise<boolean>;
  /** Says that a dispatcher stops: others go on with its work at once. */
  leave(dispatcher: Pick<DispatcherRow, 'id' | 'epoch'>): Promise<void>;
  /** @throws AutotestError AT_NOT_FOUND */
  setDraining(id: string, draining: boolean, by: string): Promise<void>;
  /** All that ever gave a sign of life, by id. */
  dispatchers(): Promise<DispatcherRow[]>;
  /**
   * Takes journal records into result rows, events and the execution's offset, in one transaction: exactly once, since `fromOffset` must be the stored offset
   * (else nothing is done and the stored one is given). Records whose epoch is not the execution's are counted in `stale` and left out.
   *
   * @throws FencedError
   */
  ingest(
    executionId: number,
    batch: { fromOffset: number; toOffset: number; records: readonly JournalRecord[] },
    fence?: Fence,
  ): Promise<{ offset: number; stale: number; applied: boolean }>;
}
