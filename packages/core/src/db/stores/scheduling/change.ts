import type { Cause, EntryMove } from '../../../model/entry.ts';
import type { ExecutionMove } from '../../../model/execution.ts';
import { entryMachine } from '../../../model/entry.ts';
import { executionMachine } from '../../../model/execution.ts';
import { hostMachine, type HostMove } from '../../../model/host.ts';
import { nextState } from '../../../model/machine.ts';
import { taskMachine, type TaskMove } from '../../../model/task.ts';
import type { ClosedNodes } from '../results/close-nodes.ts';
import type { ResultOutcome } from '../../../results/outcome.ts';
import type { EntryPatch, ExecutionPatch, HostPatch, NewExecution, NewTask, TaskPatch } from '../../database.ts';
import type { EntryRow, ExecutionRow, HostRow, LeaseRow, TaskRow } from '../../rows.ts';
import type { NewEvent } from '../../session.ts';
import { clipName, clipReason, defined } from '../../values.ts';
import { leaseText } from './columns.ts';

/** A row before and after a change. What is written must find the row as it was before. */
export interface Touched<Row> {
  readonly before: Row;
  readonly after: Row;
}

/** A lease before and after; without `before` the host was never held. */
export interface TouchedLease {
  readonly before: LeaseRow | undefined;
  readonly after: LeaseRow;
}

/** Whether a change was carried out. */
export interface Fate {
  isCommitted: boolean;
}

/** Which change gave a row. Versions alone do not tell a row that was never written from one that somebody else wrote. */
const fateOf = new WeakMap<object, Fate>();

/** Gives ids that nobody else will use. */
export interface IdSource {
  next(table: 'tasks' | 'executions'): number;
}

/**
 * One change of scheduling state, put together in memory from rows as they are known, and carried out as a whole or not at all: every row that it touches
 * must still have the version (a lease: the epoch and the holder) that it had when the change was put together.
 *
 * As nothing is asked of the database on the way, changes are cheap to make, can be made by pure functions, and many can be committed in one transaction.
 * Each method gives the row as it will be; later calls take that row, the very object, also in changes that follow: these are carried out only if this one is.
 */
export class Change {
  readonly now: number;
  readonly entries = new Map<number, Touched<EntryRow>>();
  readonly hosts = new Map<number, Touched<HostRow>>();
  readonly tasks = new Map<number, Touched<TaskRow>>();
  readonly executions = new Map<number, Touched<ExecutionRow>>();
  /** By host id. */
  readonly leases = new Map<number, TouchedLease>();
  readonly newTasks: TaskRow[] = [];
  readonly newExecutions: ExecutionRow[] = [];
  readonly closedNodes: ClosedNodes[] = [];
  readonly events: NewEvent[] = [];
  readonly fate: Fate = { isCommitted: false };
  /** Of the changes whose rows this one starts from and that were not carried out when it did. */
  readonly basis = new Set<Fate>();
  readonly #ids: IdSource;

  /** @param now ms since the epoch: the time that rows and events get */
  constructor(now: number, ids: IdSource) {
    this.now = now;
    this.#ids = ids;
  }

  get isEmpty(): boolean {
    return (
      this.events.length === 0 &&
      this.closedNodes.length === 0 &&
      [this.entries, this.hosts, this.tasks, this.executions, this.leases].every(({ size }) => size === 0)
    );
  }

  moveEntry(entry: EntryRow, move: EntryMove, patch: EntryPatch = {}): EntryRow {
    const to = nextState(entryMachine, entry.state, move);
    const after = patched<EntryRow>(entry, {
      ...patch,
      ...(patch.cause && { cause: clipCause(patch.cause) }),
      // The reason belonged to the queue that the entry leaves.
      waitId: null,
      ...(to === 'starting' && entry.startedAt === undefined && { startedAt: this.now }),
      ...(to === 'finished' && { finishedAt: this.now }),
      state: to,
      version: entry.version + 1,
    });
    this.#touch(this.entries, entry, after);
    this.events.push({
      kind: 'entry.moved',
      jobId: after.jobId,
      entryId: after.id,
      // Also the host that it lets go of: its lease changes with it.
      ...defined({ hostId: after.hostId ?? entry.hostId, executionId: after.executionId }),
      data: {
        from: entry.state,
        to,
        move,
        version: after.version,
        ...defined({ outcome: after.outcome }),
        ...causeInEvent(patch.cause),
      },
    });
    return after;
  }

  moveHost(host: HostRow, move: HostMove, patch: HostPatch = {}): HostRow {
    const { reason, ...columns } = patch;
    const to = nextState(hostMachine, host.state, move);
    const after = patched<HostRow>(host, { ...columns, state: to, version: host.version + 1 });
    this.#touch(this.hosts, host, after);
    this.events.push({
      kind: 'host.moved',
      hostId: host.id,
      data: {
        from: host.state,
        to,
        move,
        version: after.version,
        ...(reason !== undefined && { reason: clipName(reason, 1000) }),
      },
    });
    return after;
  }

  /** Changes what is known of a host, but not its state. */
  patchHost(host: HostRow, patch: Omit<HostPatch, 'reason'>, by: string): HostRow {
    const after = patched<HostRow>(host, { ...patch, version: host.version + 1 });
    this.#touch(this.hosts, host, after);
    const data = { fields: Object.keys(patch), by, version: after.version };
    this.events.push({ kind: 'host.changed', hostId: host.id, data });
    return after;
  }

  addTask(task: NewTask): TaskRow {
    const { entry, ...columns } = task;
    const row: TaskRow = {
      id: this.#ids.next('tasks'),
      version: 1,
      state: taskMachine.initial,
      createdAt: this.now,
      ...defined({ entryId: entry?.id }),
      ...columns,
    };
    fateOf.set(row, this.fate);
    this.newTasks.push(row);
    this.events.push({
      kind: 'task.queued',
      taskId: row.id,
      hostId: row.hostId,
      ...subjectOf(entry),
      data: { kind: row.kind, requestedBy: row.requestedBy, version: 1 },
    });
    return row;
  }

  /** Gives a queued task to the dispatcher that is to carry it out. */
  giveTask(task: TaskRow, dispatcherId: string): TaskRow {
    const after = { ...task, dispatcherId, version: task.version + 1 };
    this.#touchNew(this.tasks, this.newTasks, task, after);
    const data = {
      from: task.state,
      to: task.state,
      move: 'give',
      kind: task.kind,
      version: after.version,
      dispatcherId,
    };
    this.events.push({ kind: 'task.moved', taskId: task.id, hostId: task.hostId, data });
    return after;
  }

  moveTask(task: TaskRow, move: TaskMove, patch: TaskPatch = {}): TaskRow {
    const { entry, ...columns } = patch;
    const to = nextState(taskMachine, task.state, move);
    const after = patched<TaskRow>(task, {
      ...columns,
      ...(patch.cause && { cause: clipCause(patch.cause) }),
      ...(to === 'running' && { startedAt: this.now }),
      ...(to === 'finished' && { finishedAt: this.now }),
      state: to,
      version: task.version + 1,
    });
    this.#touchNew(this.tasks, this.newTasks, task, after);
    this.events.push({
      kind: 'task.moved',
      taskId: task.id,
      hostId: task.hostId,
      ...subjectOf(entry),
      ...defined({ executionId: after.executionId }),
      data: {
        from: task.state,
        to,
        move,
        kind: task.kind,
        version: after.version,
        ...defined({ outcome: after.outcome }),
        ...causeInEvent(patch.cause),
      },
    });
    return after;
  }

  addExecution(execution: NewExecution): ExecutionRow {
    const row: ExecutionRow = {
      id: this.#ids.next('executions'),
      version: 1,
      state: executionMachine.initial,
      executor: 'local',
      journalOffset: 0,
      journalSeq: 0,
      createdAt: this.now,
      ...execution,
    };
    fateOf.set(row, this.fate);
    this.newExecutions.push(row);
    this.events.push({
      kind: 'execution.moved',
      executionId: row.id,
      ...defined({ jobId: row.jobId, taskId: row.taskId }),
      data: { to: row.state, purpose: row.purpose, attempt: row.attempt, version: 1 },
    });
    return row;
  }

  moveExecution(execution: ExecutionRow, move: ExecutionMove, patch: ExecutionPatch = {}): ExecutionRow {
    const to = nextState(executionMachine, execution.state, move);
    const after = patched<ExecutionRow>(execution, {
      ...patch,
      ...(patch.cause && { cause: clipCause(patch.cause) }),
      ...(to === 'starting' && { startedAt: this.now }),
      ...(to === 'ended' && { endedAt: this.now }),
      state: to,
      version: execution.version + 1,
    });
    this.#touchNew(this.executions, this.newExecutions, execution, after);
    this.events.push({
      kind: 'execution.moved',
      executionId: execution.id,
      ...defined({ jobId: execution.jobId, taskId: execution.taskId }),
      data: {
        from: execution.state,
        to,
        move,
        purpose: execution.purpose,
        version: after.version,
        ...defined({ exitClass: after.exitClass }),
        ...causeInEvent(patch.cause),
      },
    });
    return after;
  }

  /** Takes a lease that nobody holds: the epoch rises. @param known the lease as it is, undefined for a host that was never held */
  takeLease(
    known: LeaseRow | undefined,
    hostId: number,
    holder: NonNullable<LeaseRow['holder']>,
    dispatcherId: string,
  ): LeaseRow {
    const after = { hostId, holder, epoch: (known?.epoch ?? 0) + 1, dispatcherId, takenAt: this.now };
    this.#touchLease(known, after);
    return after;
  }

  /** Hands a held lease on to another holder without letting go of it: the epoch stays. */
  passLease(lease: LeaseRow, holder: NonNullable<LeaseRow['holder']>): LeaseRow {
    const after = { ...lease, holder };
    this.#touchLease(lease, after);
    return after;
  }

  releaseLease(lease: LeaseRow): LeaseRow {
    const { holder: _holder, ...after } = lease;
    this.#touchLease(lease, after);
    return after;
  }

  /** Goes ahead only if the lease is still as it is known: for a decision that depends on who holds a host and leaves it so. */
  relyOnLease(lease: LeaseRow): void {
    if (!this.leases.has(lease.hostId)) this.#touchLease(lease, { ...lease });
  }

  /** Goes ahead only if the task is still as it is known. */
  relyOnTask(task: TaskRow): void {
    if (!this.tasks.has(task.id)) this.#touch(this.tasks, task, { ...task });
  }

  /** Makes another dispatcher answer for rows of a dead one. */
  handOver(
    rows: { entries?: readonly EntryRow[]; tasks?: readonly TaskRow[]; executions?: readonly ExecutionRow[] },
    dispatcherId: string,
  ): void {
    const over = <Row extends { version: number }>(row: Row): Row => ({
      ...row,
      dispatcherId,
      version: row.version + 1,
    });
    for (const entry of rows.entries ?? []) {
      this.#touch(this.entries, entry, over(entry));
      const { id, jobId, state, hostId, executionId } = entry;
      this.events.push({
        kind: 'entry.moved',
        jobId,
        entryId: id,
        ...defined({ hostId, executionId }),
        data: { from: state, to: state, move: 'give', version: entry.version + 1, dispatcherId },
      });
    }
    for (const task of rows.tasks ?? []) {
      this.#touch(this.tasks, task, over(task));
      const { id, hostId, state, kind } = task;
      this.events.push({
        kind: 'task.moved',
        taskId: id,
        hostId,
        data: { from: state, to: state, move: 'give', kind, version: task.version + 1, dispatcherId },
      });
    }
    for (const execution of rows.executions ?? []) {
      this.#touch(this.executions, execution, over(execution));
      this.events.push({
        kind: 'execution.moved',
        executionId: execution.id,
        ...defined({ jobId: execution.jobId, taskId: execution.taskId }),
        data: { to: execution.state, purpose: execution.purpose, dispatcherId, version: execution.version + 1 },
      });
    }
  }

  closeNodes(executionId: number, outcome: ResultOutcome, reason: string): void {
    this.closedNodes.push({ executionId, outcome, reason });
  }

  event(event: NewEvent): void {
    this.events.push(event);
  }

  #touchLease(before: LeaseRow | undefined, after: LeaseRow): void {
    const known = this.leases.get(after.hostId);
    if (known && (before === undefined || leaseText(known.after) !== leaseText(before)))
      throw new Error(`A change goes on from a lease of host ${after.hostId} that is not the one it left.`);
    this.#follow(before, after);
    this.leases.set(after.hostId, { before: known ? known.before : before, after });
  }

  #touch<Row extends Versioned>(rows: Map<number, Touched<Row>>, before: Row, after: Row): void {
    const known = rows.get(after.id);
    if (known) mustBe(known.after, before);
    this.#follow(before, after);
    rows.set(after.id, { before: known?.before ?? before, after });
  }

  /** As `#touch`, for rows that may be of this very change. */
  #touchNew<Row extends Versioned>(rows: Map<number, Touched<Row>>, added: Row[], before: Row, after: Row): void {
    const at = added.findIndex(({ id }) => id === after.id);
    const row = added[at];
    if (!row) return this.#touch(rows, before, after);
    mustBe(row, before);
    this.#follow(before, after);
    added[at] = after;
  }

  #follow(before: object | undefined, after: object): void {
    const fate = before && fateOf.get(before);
    if (fate && fate !== this.fate && !fate.isCommitted) this.basis.add(fate);
    fateOf.set(after, this.fate);
  }
}

/** The row with some fields changed; null takes a field away. */
function patched<Row extends object>(row: Row, patch: { readonly [key in keyof Row]?: Row[key] | null }): Row {
  const after = { ...row };
  for (const key in patch) {
    const value = patch[key];
    if (value === null) delete after[key];
    else if (value !== undefined) after[key] = value;
  }
  return after;
}

interface Versioned {
  readonly id: number;
  readonly version: number;
}

/** A step that starts from a row as it was before an earlier one would undo that one. */
function mustBe(known: Versioned, { id, version }: Versioned): void {
  if (known.version === version) return;
  throw new Error(
    `A change goes on from version ${version} of row ${id}, but it left that row with version ${known.version}; pass the row that the step before gave.`,
  );
}

function subjectOf(entry: Pick<EntryRow, 'id' | 'jobId'> | undefined): { entryId?: number; jobId?: number } {
  return entry ? { entryId: entry.id, jobId: entry.jobId } : {};
}

function clipCause({ code, message }: Cause): Cause {
  return { code: clipName(code), message: clipReason(message) };
}

/** A cause as events carry it: short. */
function causeInEvent(cause: Cause | null | undefined): { cause?: Cause } {
  return cause ? { cause: { code: cause.code, message: clipName(cause.message, 1000) } } : {};
}
