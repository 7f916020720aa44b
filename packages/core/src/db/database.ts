import type { JsonValue } from '../json/json-value.ts';
import type { JournalRecord, NodeKind } from '../journal/record.ts';
import type { Cause, EntryOutcome } from '../model/entry.ts';
import type { Change } from './stores/scheduling/change.ts';
import type { EventKind, EventRow } from '../model/event.ts';
import type { ExitClass, Purpose } from '../model/execution.ts';
import type { HostSpec } from '../execution/spec.ts';
import type { DependencyCondition } from '../model/job.ts';
import type { ResultOutcome } from '../results/outcome.ts';
import type { TaskKind, TaskOutcome } from '../model/task.ts';
import type { WaitReason } from '../model/wait.ts';
import type {
  AccountRow,
  AclGroupRow,
  DeliveryRow,
  DeliveryState,
  DispatcherRow,
  DurationRow,
  EntryRow,
  ExecutionRow,
  HostRow,
  JobRow,
  LabelRow,
  LeaseRow,
  MetricRow,
  QueuePosition,
  MissedRunPolicy,
  RecurringRow,
  NotificationFilter,
  NotificationRuleRow,
  ResultNodeRow,
  Role,
  RoleRow,
  SuiteRow,
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
  readonly access: AccessStore;
  readonly labels: LabelStore;
  readonly accounts: AccountStore;
  readonly jobs: JobStore;
  readonly suites: SuiteStore;
  readonly recurring: RecurringStore;
  readonly results: ResultStore;
  readonly events: EventStore;
  readonly scheduling: SchedulingStore;
  readonly lookup: LookupStore;
  readonly notifications: NotificationStore;
  readonly secrets: SecretStore;
  close(): Promise<void>;
}

export interface SecretStore {
  /** The secret of this name, 256 bits of chance as base64url; made by whoever asks first. */
  get(name: string): Promise<string>;
}

export interface UserStore {
  /** Tells of it where somebody (`by`) did it; the first user is made by nobody. @throws AutotestError AT_ALREADY_EXISTS */
  add(user: { login: string; role: Role; team?: string }, by?: string): Promise<UserRow>;
  /** `team` null: none. Jobs keep the account that they were submitted with. @throws AutotestError AT_NOT_FOUND */
  update(id: number, patch: { role?: Role; team?: string | null }, by: string): Promise<UserRow>;
  /** Ends the user's tokens as well. Jobs, reservations and places in groups go by login and stay. @throws AutotestError AT_NOT_FOUND */
  remove(id: number, by: string): Promise<void>;
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
  suites(ids: readonly number[]): Promise<Map<number, SuiteRow>>;
  /** Names of the groups that hosts are in, in order; hosts in none are left out. */
  groupsOf(hostIds: readonly number[]): Promise<Map<number, string[]>>;
  /** How many executions each dispatcher has that are not over. */
  executionsOf(): Promise<Map<string, number>>;
  /** Who holds the leases of hosts. */
  holders(hostIds: readonly number[]): Promise<Map<number, LeaseRow['holder']>>;
  /** Special tasks of entries that are not over, in order of their making. */
  openTasksOf(entryIds: readonly number[]): Promise<TaskRow[]>;
  /** Only of entries that are queued for a reason. */
  positions(entryIds: readonly number[]): Promise<Map<number, QueuePosition>>;
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
  /** Adds all of them or none. Gives how many. @throws AutotestError AT_ALREADY_EXISTS */
  addMany(hosts: readonly NewHost[], by: string): Promise<number>;
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
  /** Adds labels to hosts and takes labels off them, in one transaction; gives the hosts that it changed. @throws AutotestError AT_NOT_FOUND */
  updateLabels(
    ids: readonly number[],
    change: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
    by: string,
  ): Promise<HostRow[]>;
  /** Keeps all jobs away; one's own lock gets another reason and end. @throws AutotestError AT_NOT_FOUND, AT_HOST_LOCKED: somebody else locked it */
  lock(id: number, lock: { readonly reason: string; readonly until?: number }, by: string): Promise<HostRow>;
  /** Without effect where nobody locked it. `force`: also a lock of somebody else. @throws AutotestError AT_NOT_FOUND, AT_HOST_LOCKED */
  unlock(id: number, by: string, options?: { readonly force?: boolean }): Promise<HostRow>;
  /**
   * Keeps jobs of others away until then; what runs goes on. One's own reservation is replaced.
   *
   * @throws AutotestError AT_NOT_FOUND, AT_HOST_RESERVED: somebody else has it
   */
  reserve(
    id: number,
    reservation: { readonly by: string; readonly until: number; readonly reason?: string },
    requestedBy: string,
  ): Promise<HostRow>;
  /** Moves the end of a reservation on, never back. @throws AutotestError AT_NOT_FOUND, AT_HOST_NOT_RESERVED: it ended, or is somebody else's */
  extendReservation(id: number, reservation: { readonly by: string; readonly until: number }): Promise<HostRow>;
  /** Without effect where nobody has it. `force`: also what somebody else has. @throws AutotestError AT_NOT_FOUND, AT_HOST_RESERVED */
  release(id: number, by: string, options?: { readonly force?: boolean }): Promise<HostRow>;
  /** Asks for a special task of its own; `repeated`: one of this kind was asked for already and waits. @throws AutotestError AT_NOT_FOUND */
  requestTask(id: number, kind: TaskKind, by: string): Promise<{ task: TaskRow; repeated: boolean }>;
}

/** Groups of users and hosts. A host in no group is everybody's; a host in groups is its members' and administrators'. */
export interface AccessStore {
  /** @throws AutotestError AT_ALREADY_EXISTS */
  create(group: { readonly name: string; readonly description?: string }, by: string): Promise<AclGroupRow>;
  /** `description` null: none. @throws AutotestError AT_NOT_FOUND, AT_ALREADY_EXISTS */
  update(id: number, patch: { name?: string; description?: string | null }, by: string): Promise<AclGroupRow>;
  /** Its hosts stay. @throws AutotestError AT_NOT_FOUND */
  remove(id: number, by: string): Promise<void>;
  /** Adds and takes out members and hosts; who is in already, or is not, stays so. @throws AutotestError AT_NOT_FOUND */
  change(id: number, change: AclChange, by: string): Promise<AclGroupRow>;
  byName(name: string): Promise<AclGroupRow | undefined>;
  /** By name. */
  list(): Promise<AclGroupRow[]>;
  /** The groups that a login is in, by name. */
  groupsOf(login: string): Promise<AclGroupRow[]>;
  mayUse(login: string, hostId: number): Promise<boolean>;
  /** Which of some hosts a login may use. */
  usable(login: string, hostIds: readonly number[]): Promise<Set<number>>;
}

export interface AclChange {
  readonly addUsers?: readonly string[];
  readonly removeUsers?: readonly string[];
  readonly addHostIds?: readonly number[];
  readonly removeHostIds?: readonly number[];
}

/** What is to be known of labels besides which hosts carry them. */
export interface LabelStore {
  set(label: LabelRow, by: string): Promise<LabelRow>;
  /** Forgets a label and takes it off all hosts; gives how many carried it. @throws AutotestError AT_NOT_FOUND: neither known nor carried */
  remove(name: string, by: string): Promise<number>;
  /** All that are described or carried, by name, with the number of hosts that carry them. */
  list(): Promise<(LabelRow & { readonly hosts: number })[]>;
}

/** Shares of the hosts. An account is a team, or a user without one; without a row its weight is 1 and nothing limits it. */
export interface AccountStore {
  set(account: AccountRow, by: string): Promise<AccountRow>;
  /** Back to the usual share. @throws AutotestError AT_NOT_FOUND */
  remove(name: string, by: string): Promise<void>;
  /** Those that were set, by name. */
  list(): Promise<AccountRow[]>;
  /** How many hosts the unfinished jobs of each account hold. */
  heldHosts(): Promise<Map<string, number>>;
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

/** A job of a suite that is submitted. */
export interface NewSuiteJob {
  readonly job: Omit<NewJob, 'suiteId'>;
  /** Jobs of the same suite, by their position from 0, that have to end first. */
  readonly afterSiblings?: readonly { readonly index: number; readonly when: DependencyCondition }[];
}

export interface NewSuite {
  readonly name: string;
  readonly owner: string;
  /** At least one. */
  readonly jobs: readonly NewSuiteJob[];
}

export interface SuiteStore {
  /**
   * Suite, its jobs and their events in one transaction; gives the jobs in the order in which they were named. `requestId`: a second submission with it gives
   * the first one's suite.
   *
   * @throws AutotestError as `jobs.submit`; `AT_DEPENDENCY` where siblings wait for each other
   */
  create(
    suite: NewSuite,
    options?: { requestId?: string },
  ): Promise<{ suite: SuiteRow; jobs: JobRow[]; repeated: boolean }>;
  byId(id: number): Promise<SuiteRow | undefined>;
  /** Newest first; keyset by id. */
  list(query: { first: number; beforeId?: number; owner?: string }): Promise<SuiteRow[]>;
  /** In the order of their ids. */
  jobs(suiteId: number): Promise<JobRow[]>;
  /** Marks the unfinished entries of all its jobs; gives how many. Idempotent. */
  requestAbort(suiteId: number, by: string, reason: string): Promise<number>;
}

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

export interface ResultStore {
  /** In order of first appearance. */
  nodes(query: {
    jobId?: number;
    executionId?: number;
    parentId?: number;
    outcomes?: readonly ResultOutcome[];
    kinds?: readonly NodeKind[];
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

/** A rule to be added; it is told of everything that `filter` (empty unless given) lets through, or of its job alone. */
export interface NewNotificationRule extends Omit<NotificationRuleRow, 'id' | 'filter' | 'enabled' | 'createdAt'> {
  readonly filter?: NotificationFilter;
}

/** A message of a rule about an event. */
export interface NewDelivery {
  readonly ruleId: number;
  readonly eventId: number;
  readonly jobId?: number;
  readonly payload: string;
}

/** A delivery whose time has come, and where it goes. */
export interface DueDelivery {
  readonly id: number;
  readonly channel: NotificationRuleRow['channel'];
  readonly target: string;
}

/** A delivery that whoever claimed it has to send. */
export interface ClaimedDelivery {
  readonly delivery: DeliveryRow;
  readonly rule: NotificationRuleRow;
}

/**
 * Who wants to hear of what, and what was told.
 *
 * A delivery is `queued`, `sending` while somebody has claimed it, and ends `sent` or `failed`. Whoever has claimed it has until its `nextAt`; after that it can be claimed
 * again, so that each one is sent at least once. Changes of a claimed delivery are false where the claim is no longer held.
 */
export interface NotificationStore {
  addRule(rule: NewNotificationRule): Promise<NotificationRuleRow>;
  /** A rule that is switched off fails what is queued of it. @throws AutotestError AT_NOT_FOUND */
  updateRule(
    id: number,
    patch: { enabled?: boolean; filter?: NotificationFilter; reason?: string },
    by: string,
  ): Promise<NotificationRuleRow>;
  /** With its deliveries. @throws AutotestError AT_NOT_FOUND */
  removeRule(id: number, by: string): Promise<void>;
  ruleById(id: number): Promise<NotificationRuleRow | undefined>;
  /** Newest first; keyset by id. */
  rules(query: { first: number; beforeId?: number; owner?: string; jobId?: number }): Promise<NotificationRuleRow[]>;
  /** The newest rule of somebody about any job that leads there. */
  standingRule(owner: string, target: string): Promise<NotificationRuleRow | undefined>;
  /** Those that are switched on and are about any job, or about one of these. */
  rulesAbout(jobIds: readonly number[]): Promise<NotificationRuleRow[]>;

  /** Id of the event up to which all were looked at. Begins at the newest event when the first rule is added, or when this is first asked. */
  cursor(): Promise<number>;
  /** Moves the cursor and queues what the events between tell of, in one transaction. False, and nothing is done: it is not at `fromId` any more. */
  advance(step: { fromId: number; toId: number; deliveries: readonly NewDelivery[] }): Promise<boolean>;
  /** Queues a message that is about no event. @throws AutotestError AT_NOT_FOUND */
  enqueueTest(ruleId: number, payload: string, by: string): Promise<DeliveryRow>;

  /** What has to be sent now, the longest waiting first; at most `perTarget` for each target, so that many for one do not hide others. */
  due(query: { now: number; first: number; perTarget: number }): Promise<DueDelivery[]>;
  /** Takes those that are still due, each for one attempt, which counts as lost at `untilMs`. */
  claim(ids: readonly number[], times: { now: number; untilMs: number }): Promise<ClaimedDelivery[]>;
  /** @param problem what did not go well all the same */
  markSent(claim: DeliveryClaim, problem?: string): Promise<boolean>;
  /** Without `nextAt` it has failed for good. */
  markFailed(claim: DeliveryClaim, why: { problem: string; nextAt?: number }): Promise<boolean>;
  /** Lets go of a claim as if there had been none; it is due at once. */
  giveBack(claim: DeliveryClaim): Promise<boolean>;

  deliveryById(id: number): Promise<DeliveryRow | undefined>;
  /** Newest first; keyset by id. */
  deliveries(query: {
    first: number;
    beforeId?: number;
    /** Of rules of this owner. */
    owner?: string;
    ruleId?: number;
    jobId?: number;
    state?: DeliveryState;
  }): Promise<DeliveryRow[]>;
  /** Queues it once more, from its first attempt on, unless somebody is just sending it. @throws AutotestError AT_NOT_FOUND */
  redeliver(id: number, by: string): Promise<DeliveryRow>;
}

/** Tells a claim: a delivery and its attempt. */
export type DeliveryClaim = Pick<DeliveryRow, 'id' | 'ruleId' | 'attempts'>;
