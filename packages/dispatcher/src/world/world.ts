import type { Change, JobProgress, SchedulingRows, SchedulingRules } from '@autotest/core/db';
import type {
  AccountRow,
  DispatcherRow,
  DurationRow,
  EntryRow,
  ExecutionRow,
  HostRow,
  JobRow,
  LeaseRow,
  TaskRow,
} from '@autotest/core/db';
import { jobDeadline } from '../plan/deadlines.ts';
import { damageOf } from './damage.ts';
import { Dirty, type DirtyKind } from './dirty.ts';
import { EndedRows } from './ended-rows.ts';
import { idsIn, InFlight } from './in-flight.ts';
import { RowIndex } from './row-index.ts';
import { Timers } from './timers.ts';
import type { RowOf, VersionedKind } from './versioned.ts';

/**
 * What a dispatcher knows of the lab: every host, and everything that is not over. A copy of rows, kept up to date by what this dispatcher itself changes and by the events
 * of others; nothing in it is needed after a crash. A copy may be behind: whatever is decided by it is written with versions, so that a decision by old facts is refused
 * and the facts are read again.
 *
 * Rows are replaced, never changed. Whoever has to react to changes asks for a `Dirty` and looks at nothing but what stands in it: what a turn costs depends on what
 * changed, not on how much there is.
 */
export class World {
  readonly entries = new Map<number, EntryRow>();
  readonly jobs = new Map<number, JobRow>();
  readonly hosts = new Map<number, HostRow>();
  readonly tasks = new Map<number, TaskRow>();
  readonly executions = new Map<number, ExecutionRow>();
  /** By host id, also those that nobody holds. */
  readonly leases = new Map<number, LeaseRow>();
  readonly dispatchers = new Map<string, DispatcherRow>();
  readonly accounts = new Map<string, AccountRow>();
  /** How long jobs ran, by their names. */
  readonly durations = new Map<string, DurationRow>();
  readonly timers = new Timers();
  /** Rows that cannot be used, by `kind:id`, with the reason. */
  readonly damaged = new Map<string, string>();
  /** Ids of hosts to be read again: what is known of them does not fit to the rest. */
  readonly doubtful = new Set<number>();
  onlyIfNeeded: ReadonlySet<string> = new Set();
  groupsOfUsers: SchedulingRules['groupsOfUsers'] = new Map();
  groupsOfHosts: SchedulingRules['groupsOfHosts'] = new Map();
  admins: ReadonlySet<string> = new Set();

  readonly #entriesOfJob = new RowIndex();
  readonly #entriesOfExecution = new RowIndex();
  readonly #tasksOfHost = new RowIndex();
  readonly #tasksOfEntry = new RowIndex();
  readonly #executionsOfTask = new RowIndex();
  readonly #executionsOfJob = new RowIndex();
  readonly #observers = new Set<Dirty>();
  readonly #inFlight = new InFlight();
  readonly #ended = new EndedRows();
  /** At which moment this dispatcher last wrote the lease of a host; see `moment`. */
  readonly #leaseMoments = new Map<number, number>();
  #moment = 0;
  #generation = 0;

  /** Changes from now on. Everything that is there already counts as changed. */
  observe(): Dirty {
    const dirty = new Dirty();
    this.#observers.add(dirty);
    for (const kind of ['entries', 'hosts', 'jobs', 'tasks', 'executions'] as const)
      for (const id of this[kind].keys()) dirty[kind].add(id);
    dirty.dispatchers = true;
    dirty.rules = true;
    return dirty;
  }

  /** Nobody looks at these changes any more. */
  unobserve(dirty: Dirty): void {
    this.#observers.delete(dirty);
  }

  /** Open entries of a job, by index. */
  entriesOf(jobId: number): EntryRow[] {
    return this.#entriesOfJob.of(jobId, this.entries).sort((a, b) => a.index - b.index);
  }

  /** Open entries that an execution runs for. */
  entriesOfExecution(executionId: number): EntryRow[] {
    return this.#entriesOfExecution.of(executionId, this.entries).sort((a, b) => a.index - b.index);
  }

  tasksOfHost(hostId: number): TaskRow[] {
    return this.#tasksOfHost.of(hostId, this.tasks);
  }

  tasksOfEntry(entryId: number): TaskRow[] {
    return this.#tasksOfEntry.of(entryId, this.tasks);
  }

  executionOfTask(taskId: number): ExecutionRow | undefined {
    return this.#executionsOfTask.of(taskId, this.executions)[0];
  }

  executionsOfJob(jobId: number): ExecutionRow[] {
    return this.#executionsOfJob.of(jobId, this.executions);
  }

  /** The lease of a host while somebody holds it. */
  heldLease(hostId: number): HeldLease | undefined {
    const lease = this.leases.get(hostId);
    // The very row, by which a change knows what it builds on.
    return lease && isHeld(lease) ? lease : undefined;
  }

  /** Counts what this dispatcher wrote. */
  get moment(): number {
    return this.#moment;
  }

  /**
   * Takes rows as the database has them. Older ones than are known are passed over, unless `isForced`: what is known was never written.
   *
   * @param askedAt `moment` when they were asked for: leases have no version, and one that was written since then is newer than the answer
   */
  take(rows: SchedulingRows, isForced = false, askedAt = this.#moment): void {
    for (const row of rows.jobs) this.#takeJob(row);
    for (const row of rows.hosts) this.#take('hosts', row, false, isForced);
    for (const row of rows.entries) this.#take('entries', row, row.state === 'finished', isForced);
    for (const row of rows.tasks) this.#take('tasks', row, row.state === 'finished', isForced);
    for (const row of rows.executions) this.#take('executions', row, row.state === 'ingested', isForced);
    for (const lease of rows.leases) {
      if (this.#inFlight.touchesLease(lease.hostId)) continue;
      if (isForced || (this.#leaseMoments.get(lease.hostId) ?? 0) <= askedAt) this.#putLease(lease);
    }
    for (const { id } of rows.jobs) this.#forgetJob(id);
  }

  /** Something happened to a job that those who wait for it have to look at. */
  touchJob(id: number): void {
    this.#mark('jobs', id);
  }

  /** How often everything was forgotten: what was begun before that is not known any more. */
  get generation(): number {
    return this.#generation;
  }

  /** Forgets everything and takes these rows instead. */
  reset(rows: SchedulingRows): void {
    this.#generation++;
    for (const kind of ['entries', 'hosts', 'jobs', 'tasks', 'executions'] as const)
      for (const id of this[kind].keys()) this.#remove(kind, id);
    this.leases.clear();
    this.#inFlight.clear();
    this.#ended.clear();
    this.damaged.clear();
    this.take(rows, true);
  }

  takeRules(rules: SchedulingRules): void {
    replace(this.accounts, rules.accounts, ({ name }) => name);
    replace(this.dispatchers, rules.dispatchers, ({ id }) => id);
    this.onlyIfNeeded = new Set(rules.onlyIfNeeded);
    this.groupsOfUsers = rules.groupsOfUsers;
    this.groupsOfHosts = rules.groupsOfHosts;
    this.admins = new Set(rules.admins);
    for (const dirty of this.#observers) dirty.rules = true;
  }

  takeDispatchers(dispatchers: readonly DispatcherRow[]): void {
    replace(this.dispatchers, dispatchers, ({ id }) => id);
    for (const dirty of this.#observers) dirty.dispatchers = true;
  }

  /** Nothing is decided anew for it: the next decisions know better. */
  takeDurations(rows: readonly DurationRow[]): void {
    for (const row of rows) this.durations.set(row.name, row);
  }

  /** Whether a change of a row is not written yet: it may be refused. */
  isUnderWay(kind: VersionedKind, id: number): boolean {
    return this.#inFlight.touchesRow(kind, id);
  }

  /** Takes a change as done that is about to be written. */
  begin(change: Change): void {
    this.#inFlight.begin(change);
    for (const { after } of change.entries.values()) this.#put('entries', after, after.state === 'finished');
    for (const { after } of change.hosts.values()) this.#put('hosts', after, false);
    for (const row of change.newTasks) this.#put('tasks', row, row.state === 'finished');
    for (const { after } of change.tasks.values()) this.#put('tasks', after, after.state === 'finished');
    for (const row of change.newExecutions) this.#put('executions', row, row.state === 'ingested');
    for (const { after } of change.executions.values()) this.#put('executions', after, after.state === 'ingested');
    for (const { after } of change.leases.values()) this.#putLease(after);
  }

  /**
   * These changes are written, or refused.
   *
   * @param rows what the refused ones touched, as the database has it. Where another change is under way, that one's end tells: it may build on what was read before, and then
   *   it is refused, too, or it was made since, and then it is newer
   */
  end(changes: readonly Change[], refused: readonly Change[] = [], rows?: SchedulingRows): void {
    const begun = changes.filter((change) => this.#inFlight.leaveRows(change));
    for (const change of begun) {
      // What was put off until it is written can be done now.
      for (const kind of ['entries', 'executions'] as const) for (const id of idsIn(change, kind)) this.#mark(kind, id);
      for (const hostId of change.leases.keys()) this.#leaseMoments.set(hostId, ++this.#moment);
    }
    for (const change of refused) this.#undo(change);
    if (rows) this.take(rows, true);
    for (const change of begun) for (const jobId of this.#inFlight.leaveJobs(change)) this.#forgetJob(jobId);
  }

  /** Takes the counts of jobs that a commit changed. */
  takeProgress(jobs: readonly JobProgress[]): void {
    for (const progress of jobs) {
      const job = this.jobs.get(progress.id);
      if (job) this.jobs.set(job.id, { ...job, ...progress });
      // Others may wait for its end.
      if (progress.state === 'finished') this.#mark('jobs', progress.id);
    }
  }

  /** Takes a row as unusable. */
  damage(kind: DirtyKind, id: number, reason: string): void {
    this.damaged.set(`${kind}:${id}`, reason);
    this.#remove(kind, id);
  }

  /** Marks what is due now as changed. */
  tick(now: number): void {
    for (const { kind, id } of Array.from(this.timers.due(now))) {
      this.#mark(kind, id);
      // Of the moments of one thing only the first was known.
      for (const at of this.#momentsOf(kind, id)) if (at > now) this.timers.set(kind, id, at);
    }
  }

  /** The rows and the first leases of hosts that a refused change would have added do not exist. */
  #undo(change: Change): void {
    for (const { id } of change.newTasks) this.#remove('tasks', id);
    for (const { id } of change.newExecutions) this.#remove('executions', id);
    for (const [hostId, { before }] of change.leases) {
      if (before || this.#inFlight.touchesLease(hostId)) continue;
      this.leases.delete(hostId);
      this.#mark('hosts', hostId);
    }
  }

  #takeJob(row: JobRow): void {
    const damage = damageOf.jobs(row);
    if (damage !== undefined) {
      this.damage('jobs', row.id, damage);
      return;
    }
    this.damaged.delete(`jobs:${row.id}`);
    this.jobs.set(row.id, row);
    this.#setTimers('jobs', row.id);
    this.#mark('jobs', row.id);
  }

  #take<Kind extends VersionedKind>(kind: Kind, row: RowOf[Kind], isOver: boolean, isForced: boolean): void {
    const knownVersion = this[kind].get(row.id)?.version ?? this.#ended.versionOf(kind, row.id) ?? 0;
    if (isForced ? this.#inFlight.touchesRow(kind, row.id) : knownVersion >= row.version) return;
    const checks: { readonly [kind in VersionedKind]: (row: RowOf[kind]) => string | undefined } = damageOf;
    const damage = checks[kind](row);
    if (damage === undefined) {
      this.damaged.delete(`${kind}:${row.id}`);
      this.#put(kind, row, isOver);
    } else this.damage(kind, row.id, damage);
  }

  #put<Kind extends VersionedKind>(kind: Kind, row: RowOf[Kind], isOver: boolean): void {
    const rows = this[kind] as Map<number, RowOf[Kind]>;
    const known = rows.get(row.id);
    if (isOver) {
      this.#ended.add(kind, row);
      if (known) {
        this.#remove(kind, row.id);
        return;
      }
      // Those who observe have to hear of an end, also of what they never knew.
      this.#mark(kind, row.id);
      if (kind === 'entries') this.#markSiblings((row as EntryRow).jobId);
      return;
    }
    this.#ended.delete(kind, row.id);
    rows.set(row.id, row);
    this.#index(kind, known, row);
    this.#setTimers(kind, row.id);
    this.#mark(kind, row.id);
  }

  /** Those that were to start together with an entry that is gone may be too few now. */
  #markSiblings(jobId: number): void {
    if ((this.jobs.get(jobId)?.syncCount ?? 1) > 1) this.#mark('jobs', jobId);
  }

  #putLease(lease: LeaseRow): void {
    this.leases.set(lease.hostId, lease);
    this.#mark('hosts', lease.hostId);
  }

  #remove(kind: DirtyKind, id: number): void {
    const known = this[kind].get(id);
    if (known === undefined) return;
    this[kind].delete(id);
    if (kind !== 'jobs') this.#index(kind, known as RowOf[VersionedKind], undefined);
    this.#mark(kind, id);
    if (kind === 'entries') this.#markSiblings((known as EntryRow).jobId);
    if (kind === 'entries' || kind === 'executions') this.#forgetJob((known as EntryRow | ExecutionRow).jobId);
  }

  /** A job is known as long as anything of it is open. */
  #forgetJob(jobId: number | undefined): void {
    if (jobId === undefined || this.#inFlight.touchesJob(jobId)) return;
    if (this.#entriesOfJob.has(jobId) || this.#executionsOfJob.has(jobId) || !this.jobs.delete(jobId)) return;
    this.#mark('jobs', jobId);
  }

  #index(kind: VersionedKind, before: RowOf[VersionedKind] | undefined, after: RowOf[VersionedKind] | undefined): void {
    const id = (after ?? before)?.id ?? 0;
    if (kind === 'entries') {
      const [from, to] = [before, after] as [EntryRow | undefined, EntryRow | undefined];
      this.#entriesOfJob.move(id, from?.jobId, to?.jobId);
      this.#entriesOfExecution.move(id, from?.executionId, to?.executionId);
    } else if (kind === 'tasks') {
      const [from, to] = [before, after] as [TaskRow | undefined, TaskRow | undefined];
      // A host with a task is not free, although its own row says nothing of it.
      for (const task of [from, to]) if (task) this.#mark('hosts', task.hostId);
      this.#tasksOfHost.move(id, from?.hostId, to?.hostId);
      this.#tasksOfEntry.move(id, from?.entryId, to?.entryId);
    } else if (kind === 'executions') {
      const [from, to] = [before, after] as [ExecutionRow | undefined, ExecutionRow | undefined];
      this.#executionsOfTask.move(id, from?.taskId, to?.taskId);
      this.#executionsOfJob.move(id, from?.jobId, to?.jobId);
    }
  }

  #setTimers(kind: DirtyKind, id: number): void {
    for (const at of this.#momentsOf(kind, id)) this.timers.set(kind, id, at);
  }

  /** When a thing has to be looked at by what its row says, ms since the epoch. */
  #momentsOf(kind: DirtyKind, id: number): number[] {
    if (kind === 'executions') return [this.executions.get(id)?.deadlineAt ?? Infinity];
    const job = kind === 'jobs' ? this.jobs.get(id) : undefined;
    if (job) return [jobDeadline(job)];
    const host = kind === 'hosts' ? this.hosts.get(id) : undefined;
    return host ? [host.lockedUntil, host.reservedUntil, host.reverifyAt].map((at) => at ?? Infinity) : [];
  }

  #mark(kind: DirtyKind, id: number): void {
    for (const dirty of this.#observers) dirty[kind].add(id);
  }
}

type HeldLease = LeaseRow & { readonly holder: NonNullable<LeaseRow['holder']> };

function isHeld(lease: LeaseRow): lease is HeldLease {
  return lease.holder !== undefined;
}

function replace<Key, Row>(rows: Map<Key, Row>, fresh: readonly Row[], keyOf: (row: Row) => Key): void {
  rows.clear();
  for (const row of fresh) rows.set(keyOf(row), row);
}
