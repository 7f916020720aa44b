import type { JsonValue } from '../json/json-value.ts';
import type { JournalRecord } from '../journal/record.ts';
import type { Cause, EntryMove, EntryOutcome } from '../model/entry.ts';
import type { EventKind, EventRow } from '../model/event.ts';
import type { ExecutionMove, ExitClass, Purpose } from '../model/execution.ts';
import type { HostSpec } from '../execution/spec.ts';
import type { HostMove } from '../model/host.ts';
import type { ResultOutcome } from '../results/outcome.ts';
import type { TaskKind, TaskMove, TaskOutcome } from '../model/task.ts';
import type { WaitReason } from '../model/wait.ts';
import type {
  DispatcherRow,
  EntryRow,
  ExecutionRow,
  HostRow,
  JobRow,
  LeaseRow,
  MetricRow,
  ResultNodeRow,
  Role,
  TaskRow,
  TokenRow,
  UserRow,
  WaitRow,
} from './rows.ts';

/**
 * The database as the parts of Autotest see it: stores that speak the domain and show no connection. One contract, three engines (SQLite, MySQL,
 * MariaDB), one suite.
 *
 * Every change writes its events in its own transaction. A change with a `version` is compare-and-set: it gives `undefined`
 * (or leaves the item out of the result) when somebody else was faster, and never throws for that.
 */
export interface Database {
  readonly engine: 'sqlite' | 'mysql' | 'mariadb';
  readonly users: UserStore;
  readonly bundles: BundleStore;
  readonly hosts: HostStore;
  readonly jobs: JobStore;
  readonly results: ResultStore;
  readonly events: EventStore;
  readonly scheduling: SchedulingStore;
  readonly lookup: LookupStore;
  close(): Promise<void>;
}

export interface UserStore {
  /** @throws AutotestError AT_ALREADY_EXISTS */
  add(user: { login: string; role: Role }): Promise<UserRow>;
  byLogin(login: string): Promise<UserRow | undefined>;
  /** In order of their making. */
  list(query?: { role?: Role }): Promise<UserRow[]>;
  count(): Promise<number>;
  /** Stores only the hash of the secret. */
  addToken(token: {
    userId: number;
    name: string;
    kind: TokenRow['kind'];
    secretHash: string;
    expiresAt?: number;
  }): Promise<TokenRow>;
  /** Token and its user by hash of the secret, unless expired (by `now`) or a `login` token already used. */
  byTokenHash(secretHash: string, now: number): Promise<{ user: UserRow; token: TokenRow } | undefined>;
  /** Marks a login token used; false if somebody was faster. */
  useLoginToken(tokenId: number, now: number): Promise<boolean>;
  revokeToken(tokenId: number): Promise<void>;
}

/** How many tests and commands of a job have an outcome; undefined: they still run. */
export interface ResultCountRow {
  readonly jobId: number;
  readonly outcome?: ResultOutcome;
  readonly count: number;
}

/** Many rows by their ids at once, for programs that batch their questions. What does not exist is not in the answer. */
export interface LookupStore {
  jobs(ids: readonly number[]): Promise<Map<number, JobRow>>;
  hosts(ids: readonly number[]): Promise<Map<number, HostRow>>;
  hostsNamed(names: readonly string[]): Promise<Map<string, HostRow>>;
  entries(ids: readonly number[]): Promise<Map<number, EntryRow>>;
  executions(ids: readonly number[]): Promise<Map<number, ExecutionRow>>;
  tasks(ids: readonly number[]): Promise<Map<number, TaskRow>>;
  waits(ids: readonly number[]): Promise<Map<number, WaitRow>>;
  nodes(ids: readonly number[]): Promise<Map<number, ResultNodeRow>>;
  /** Who holds the leases of hosts. */
  holders(hostIds: readonly number[]): Promise<Map<number, LeaseRow['holder']>>;
  /** In order of first appearance; at most about `first`. */
  nodesOfJobs(jobIds: readonly number[], first: number): Promise<ResultNodeRow[]>;
  /** By node id, in order of iteration and name. */
  metrics(nodeIds: readonly number[]): Promise<Map<number, MetricRow[]>>;
  resultCounts(jobIds: readonly number[]): Promise<ResultCountRow[]>;
}

export interface StoredBundle {
  readonly hash: string;
  readonly fileName: string;
  readonly source: string;
  /** bundleToJson of @autotest/core/bundle. */
  readonly json: string;
  readonly sizeBytes: number;
}

export interface BundleStore {
  /** Idempotent by hash. */
  put(bundle: StoredBundle): Promise<void>;
  get(hash: string): Promise<StoredBundle | undefined>;
}

type Reach = 'name' | 'transport' | 'address' | 'port' | 'user' | 'keyFile';

/** A host to be added; what is left out is empty, and nothing protects it. */
export interface NewHost extends Pick<HostSpec, Reach>, Partial<Omit<HostSpec, Reach>> {
  /** For one job only. */
  readonly oneTime?: boolean;
}

export interface HostStore {
  /** @throws AutotestError AT_ALREADY_EXISTS */
  add(host: NewHost, by: string): Promise<HostRow>;
  /** A change of how a host is reached has a host that is set aside verified again at once. */
  update(
    id: number,
    patch: Partial<
      Pick<
        HostRow,
        | 'address'
        | 'port'
        | 'user'
        | 'keyFile'
        | 'labels'
        | 'attributes'
        | 'protection'
        | 'hostKeys'
        | 'lockedBy'
        | 'lockReason'
        | 'lockedUntil'
        | 'draining'
        | 'quarantineReason'
        | 'dirty'
      >
    > & { unlock?: boolean; clearQuarantine?: boolean },
    by: string,
  ): Promise<HostRow>;
  byName(name: string): Promise<HostRow | undefined>;
  byId(id: number): Promise<HostRow | undefined>;
  /** By name, ascending; keyset by name. */
  list(query: { first: number; afterName?: string; state?: string; label?: string }): Promise<HostRow[]>;
  all(): Promise<HostRow[]>;
  /** Pins a key for a host that has none; false if it has some. */
  pinKey(id: number, key: string): Promise<boolean>;
}

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
  /** Entries whose host is to be chosen. None of either kind: a job without hosts. */
  readonly anyHosts: number;
}

export interface JobStore {
  /** Job, entries and events in one transaction. `requestId`: a second submission with it gives the first one's job. */
  submit(
    job: NewJob,
    options?: { requestId?: string },
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
  tasksOf(query: { jobId?: number; hostId?: number; first: number }): Promise<TaskRow[]>;
  /** Marks the job's unfinished entries; gives how many. Idempotent. */
  requestAbort(jobId: number, by: string, reason: string): Promise<number>;
}

export interface ResultStore {
  /** In order of first appearance. */
  nodes(query: {
    jobId?: number;
    executionId?: number;
    parentId?: number;
    first?: number;
    afterSeq?: number;
  }): Promise<ResultNodeRow[]>;
  metrics(nodeIds: readonly number[]): Promise<MetricRow[]>;
  keyvals(executionId: number): Promise<Record<string, JsonValue>>;
  /** Newest results of a test (by node name). */
  history(query: { testName: string; host?: string; first: number; beforeId?: number }): Promise<ResultNodeRow[]>;
}

export interface EventStore {
  /**
   * Events after a cursor in order of id. Never passes over an event that is not yet visible: where ids have a fresh gap (a transaction that
   * has not committed yet), it stops before the gap until the gap is `gapMs` (1000) old.
   */
  since(afterId: number, query: { first: number; jobId?: number; kinds?: readonly EventKind[] }): Promise<EventRow[]>;
  latestId(): Promise<number>;
  append(event: Omit<EventRow, 'id' | 't'>): Promise<void>;
  /**
   * Calls back soon after anything was appended, by whichever process (at once for this one; SQLite: watch on the WAL file; MySQL: poll). A hint
   * only: the callback reads with `since`. Gives a disposer.
   */
  onAppend(callback: () => void): () => void;
}

export interface EntryPatch {
  readonly hostId?: number | null;
  readonly executionId?: number | null;
  readonly outcome?: EntryOutcome;
  readonly cause?: Cause;
  readonly hostFailures?: number;
  readonly triedHostIds?: readonly number[];
  readonly repairedHostIds?: readonly number[];
}

/** What one transaction of the dispatcher can do. A move that loses its compare-and-set throws LostRace, which undoes the whole transaction. */
export interface SchedulingWrite {
  moveEntry(
    entry: Pick<EntryRow, 'id' | 'version' | 'state' | 'jobId'>,
    move: EntryMove,
    patch?: EntryPatch,
  ): Promise<EntryRow>;
  moveHost(
    host: Pick<HostRow, 'id' | 'version' | 'state'>,
    move: HostMove,
    patch?: { dirty?: boolean; reverifyAt?: number | null; reason?: string },
  ): Promise<HostRow>;
  addTask(task: { hostId: number; entryId?: number; kind: TaskKind; requestedBy: string }): Promise<TaskRow>;
  moveTask(
    task: Pick<TaskRow, 'id' | 'version' | 'state'>,
    move: TaskMove,
    patch?: { outcome?: TaskOutcome; cause?: Cause; executionId?: number },
  ): Promise<TaskRow>;
  addExecution(execution: {
    purpose: Purpose;
    jobId?: number;
    taskId?: number;
    attempt: number;
    epoch: number;
    tag: string;
    resultsDir: string;
    socketPath: string;
    dispatcherId: string;
    deadlineAt?: number;
  }): Promise<ExecutionRow>;
  moveExecution(
    execution: Pick<ExecutionRow, 'id' | 'version' | 'state'>,
    move: ExecutionMove,
    patch?: { pid?: number; pidStartTicks?: string; exitClass?: ExitClass; cause?: Cause },
  ): Promise<ExecutionRow>;
  /** Takes a free (or expired) lease: the epoch rises. Throws LostRace when somebody holds it. */
  takeLease(hostId: number, holder: LeaseRow['holder'], dispatcherId: string, untilMs: number): Promise<LeaseRow>;
  /** Hands a held lease on to another holder without letting go of it (same epoch). */
  passLease(hostId: number, epoch: number, holder: LeaseRow['holder']): Promise<void>;
  releaseLease(hostId: number, epoch: number): Promise<void>;
  /** Ends the result nodes of an execution that are still open: its journal will never tell of their end. */
  closeNodes(executionId: number, outcome: ResultOutcome, reason: string): Promise<void>;
  event(event: Omit<EventRow, 'id' | 't'>): Promise<void>;
}

/** Everything a dispatcher looks at to decide. */
export interface Snapshot {
  readonly now: number;
  /** All that are not finished. */
  readonly entries: readonly EntryRow[];
  readonly jobs: ReadonlyMap<number, JobRow>;
  readonly hosts: readonly HostRow[];
  readonly leases: ReadonlyMap<number, LeaseRow>;
  /** Queued or running. */
  readonly tasks: readonly TaskRow[];
  /** Not ingested. */
  readonly executions: readonly ExecutionRow[];
}

export interface SchedulingStore {
  snapshot(): Promise<Snapshot>;
  /**
   * One transaction (its first statement is a write, so that SQLite never has to upgrade a lock). `undefined`: a race was lost, nothing is changed. After a deadlock `work` runs
   * again, so it must do nothing but write here; other stores used inside of it take part in the transaction.
   */
  write<T>(work: (w: SchedulingWrite) => Promise<T>): Promise<T | undefined>;
  /** Stores reasons, and ties to each the entries that wait for it from now on (queued ones only; ties that stand stay). */
  setWaits(
    waits: readonly { readonly key: string; readonly reason: WaitReason; readonly entryIds: readonly number[] }[],
  ): Promise<void>;
  extendLeases(dispatcherId: string, untilMs: number): Promise<number>;
  /** A process takes this id: whoever had it before cannot write any more. Gives the epoch under which it writes. */
  register(dispatcher: Omit<DispatcherRow, 'heartbeatAt' | 'epoch' | 'draining' | 'shortage'>): Promise<number>;
  /** A sign of life. False: somebody else has the id by now, or declared this one dead. */
  beat(dispatcher: Pick<DispatcherRow, 'id' | 'epoch' | 'shortage'>): Promise<boolean>;
  /** Declares a dispatcher dead that gave no sign since `heartbeatAt`: nothing that it writes is accepted any more. False: it lives after all. */
  declareDead(dispatcher: Pick<DispatcherRow, 'id' | 'epoch' | 'heartbeatAt'>): Promise<boolean>;
  /** @throws AutotestError AT_NOT_FOUND */
  setDraining(id: string, draining: boolean, by: string): Promise<void>;
  /** All that ever gave a sign of life, by id. */
  dispatchers(): Promise<DispatcherRow[]>;
  /**
   * Takes journal records into result rows, events and the execution's offset, in one transaction: exactly once, since `fromOffset` must be the stored offset
   * (else nothing is done and the stored one is given). Records whose epoch is not the execution's are counted in `stale` and left out.
   */
  ingest(
    executionId: number,
    batch: { fromOffset: number; toOffset: number; records: readonly JournalRecord[] },
  ): Promise<{ offset: number; stale: number; applied: boolean }>;
}
