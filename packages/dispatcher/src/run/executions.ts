import { sleep, type Cause } from '@autotest/core';
import { Change, type ExecutionRow, type IdSource, type TaskRow } from '@autotest/core/db';
import type { Committer } from '../commit/committer.ts';
import { ContendedError } from '../errors.ts';
import type { Settings } from '../options.ts';
import { prepareExecution, type Subject } from '../supervise/prepare.ts';
import type { RunEnd, SupervisionStore } from '../supervise/supervision.ts';
import type { World } from '../world/world.ts';
import type { Guard } from '../loop/guard.ts';
import type { Interrupt } from './interrupts.ts';
import { newSocketPath } from './launch.ts';
import type { RunnerPort } from './runner.ts';
import { settleJob } from './settle-job.ts';
import { settleTask } from './settle-task.ts';

/** Watches one execution from where it is to the end of its process. */
export interface Watch {
  /** Resolves when the process is gone; undefined: watching ended before. */
  run(): Promise<RunEnd | undefined>;
  abort(wish: { by: string; reason: string; timedOut: boolean }): void;
  detach(): void;
}

/** Makes the watch of an execution. @param owner the execution under whose id the journal is ingested: for `gather` the one it collects for */
export type StartWatch = (execution: ExecutionRow, owner: ExecutionRow, store: SupervisionStore) => Watch;

/** How far back one looks for the tasks that belong to one attempt to make a host fit. */
const historyLength = 50;
const attempts = 8;
const firstDelayMs = 10;

/**
 * The executions that this dispatcher answers for: each is watched from where it is to its end, then gets its consequences. Whatever fails on the way is tried again when the
 * execution is taken up the next time, from the state that the database has.
 */
export class Executions implements RunnerPort {
  readonly #settings: Settings;
  readonly #world: World;
  readonly #committer: Committer;
  readonly #ids: IdSource;
  readonly #guard: Guard;
  readonly #startWatch: StartWatch;
  readonly #onSettled: () => void;
  /** By execution id. */
  readonly #watches = new Map<number, { watch: Watch; execution: ExecutionRow }>();
  readonly #work = new Map<number, Promise<void>>();
  #isDetached = false;

  constructor(options: {
    settings: Settings;
    world: World;
    committer: Committer;
    ids: IdSource;
    guard: Guard;
    startWatch: StartWatch;
    /** Called when an execution has ended, or when watching it failed. */
    onSettled: () => void;
  }) {
    this.#settings = options.settings;
    this.#world = options.world;
    this.#committer = options.committer;
    this.#ids = options.ids;
    this.#guard = options.guard;
    this.#startWatch = options.startWatch;
    this.#onSettled = options.onSettled;
  }

  takeUp(execution: ExecutionRow): void {
    if (this.#isDetached || this.#work.has(execution.id)) return;
    if (execution.state !== 'ended') this.#watch(execution);
    else if (!this.#gathererOf(execution)) this.#inBackground(execution, () => this.#close(execution));
  }

  abort({ execution, by, reason, timedOut }: Interrupt): void {
    this.#watches.get(execution.id)?.watch.abort({ by, reason, timedOut });
  }

  /** Ends an execution of a dispatcher that does not come back, whose machine nobody else can reach. */
  abandon(execution: ExecutionRow, cause: Cause): void {
    if (this.#isDetached || this.#work.has(execution.id)) return;
    this.#inBackground(execution, async () => {
      if (execution.state === 'ended') await this.#close(execution);
      else await this.#end(execution.id, { exitClass: 'lost', cause, needsGather: false });
    });
  }

  /** Aborts everything that runs and resolves when it has ended, with what lost executions left behind gathered. */
  async abortAll(): Promise<void> {
    const wish = { by: 'dispatcher', reason: 'the dispatcher stops', timedOut: false };
    while (this.#watches.size > 0) {
      for (const { watch, execution } of this.#watches.values()) if (execution.purpose !== 'gather') watch.abort(wish);
      await Promise.all(this.#work.values());
      for (const execution of this.#world.executions.values())
        if (execution.dispatcherId === this.#settings.dispatcherId) this.takeUp(execution);
    }
  }

  /** Lets what runs go on without this dispatcher. Resolves when nothing writes any more. */
  async detach(): Promise<void> {
    this.#isDetached = true;
    for (const { watch } of this.#watches.values()) watch.detach();
    await Promise.all(this.#work.values());
    this.#isDetached = false;
  }

  #watch(execution: ExecutionRow): void {
    const { id, tag, purpose, state } = execution;
    const { log } = this.#settings;
    const owner = (purpose === 'gather' && this.#gatheredBy(execution)) || execution;
    const watch = this.#startWatch(execution, owner, this.#storeOf(execution, owner));
    this.#watches.set(id, { watch, execution });
    log.info('execution is watched', { execution: id, tag, purpose, state });
    this.#inBackground(execution, async () => {
      const end = await watch.run().finally(() => this.#watches.delete(id));
      if (!end) return;
      if (state !== 'created') await this.#refresh(id);
      await this.#end(id, end);
      log.info('execution ended', { execution: id, tag, exitClass: end.exitClass, cause: end.cause?.code });
    });
  }

  #storeOf({ id }: ExecutionRow, owner: ExecutionRow): SupervisionStore {
    return {
      prepare: () => prepareExecution(this.#settings, this.#subjectOf(this.#known(id), owner)),
      started: (pid, startTicks, externalId) =>
        this.#write(`execution ${id}`, (change) => {
          const execution = this.#known(id);
          if (execution.state !== 'created') return execution;
          return change.moveExecution(execution, 'start', {
            pid,
            ...(startTicks !== undefined && { pidStartTicks: startTicks }),
            ...(externalId !== undefined && { externalId }),
          });
        }),
      greeted: (pid) => this.#recordGreeting(id, pid),
    };
  }

  /** Writes down that the process answered: execution and entries run. */
  #recordGreeting(id: number, pid: number): Promise<ExecutionRow> {
    const startTicks = pid > 0 ? this.#settings.processes.startOf(pid) : undefined;
    const process = { ...(pid > 0 && { pid }), ...(startTicks !== undefined && { pidStartTicks: startTicks }) };
    return this.#write(`execution ${id}`, (change) => {
      const execution = this.#known(id);
      if (execution.state !== 'created' && execution.state !== 'starting') return execution;
      const starting = execution.state === 'created' ? change.moveExecution(execution, 'start', process) : execution;
      const running = change.moveExecution(starting, 'hello', process);
      for (const entry of this.#world.entriesOfExecution(id))
        if (entry.state === 'starting') change.moveEntry(entry, 'started');
      return running;
    });
  }

  /**
   * Writes down that the process is gone, with all consequences, in one change. Where it broke off, an execution that collects what it left comes first, and the consequences
   * when that one has ended.
   */
  async #end(id: number, end: RunEnd): Promise<void> {
    const history = await this.#historyOf(id);
    await this.#write(`execution ${id}`, (change) => {
      const execution = this.#known(id);
      const ended = this.#recordEnd(change, execution, end);
      if (!end.needsGather || execution.jobId === undefined) this.#settle(change, ended, history);
    });
  }

  #recordEnd(change: Change, execution: ExecutionRow, end: RunEnd): ExecutionRow {
    if (execution.state === 'ended' || execution.state === 'ingested') return execution;
    const ended = change.moveExecution(execution, 'end', {
      exitClass: end.exitClass,
      ...(end.cause && { cause: end.cause }),
    });
    for (const entry of this.#world.entriesOfExecution(execution.id))
      if (entry.state === 'starting' || entry.state === 'running') change.moveEntry(entry, 'end');
    if (end.needsGather && execution.jobId !== undefined) {
      const { jobId, attempt, epoch, tag, resultsDir } = execution;
      const { dispatcherId, executors, limits } = this.#settings;
      const deadlineAt = change.now + limits.gatherMs;
      const common = { jobId, attempt, epoch, tag, resultsDir, dispatcherId, executor: executors.name, deadlineAt };
      change.addExecution({ purpose: 'gather', ...common, socketPath: newSocketPath() });
    }
    return ended;
  }

  /** Gives an execution its consequences that ended without them. */
  async #close({ id }: ExecutionRow): Promise<void> {
    await this.#refresh(id);
    const history = await this.#historyOf(id);
    await this.#write(`execution ${id}`, (change) => {
      const execution = this.#world.executions.get(id);
      if (execution?.state === 'ended') this.#settle(change, execution, history);
    });
  }

  #settle(change: Change, ended: ExecutionRow, history: readonly TaskRow[]): void {
    if (ended.state !== 'ended') return;
    if (ended.purpose === 'job') settleJob(change, this.#world, ended);
    else if (ended.purpose === 'gather') this.#closeGather(change, ended);
    else settleTask(change, this.#world, this.#settings, ended, history);
  }

  /**
   * Reads the entries of an execution and their hosts again. Of one that this dispatcher did not start itself it may know only a part yet, and what it does not know would be left
   * behind.
   */
  async #refresh(id: number): Promise<void> {
    const { scheduling } = this.#settings.database;
    const execution = this.#world.executions.get(id);
    if (execution?.jobId === undefined) return;
    const owner = execution.purpose === 'gather' ? this.#gatheredBy(execution) : execution;
    const askedAt = this.#world.moment;
    const { entries } = await scheduling.reload({ entriesOfExecutions: [owner?.id ?? id] });
    const rows = await scheduling.reload({ hosts: entries.flatMap(({ hostId }) => hostId ?? []) });
    this.#world.take({ ...rows, entries }, false, askedAt);
  }

  /** Latest tasks of the host that a special task works on. */
  async #historyOf(id: number): Promise<readonly TaskRow[]> {
    const taskId = this.#world.executions.get(id)?.taskId;
    const hostId = taskId === undefined ? undefined : this.#world.tasks.get(taskId)?.hostId;
    return hostId === undefined ? [] : this.#settings.database.jobs.tasksOf({ hostId, first: historyLength });
  }

  #closeGather(change: Change, gather: ExecutionRow): void {
    const owner = this.#gatheredBy(gather);
    if (owner?.state === 'ended') settleJob(change, this.#world, owner, gather);
    else change.moveExecution(gather, 'ingest');
  }

  /** Carries out a change that has to happen whoever else writes: put together again when a race was lost. @throws ContendedError */
  async #write<T>(what: string, build: (change: Change) => T): Promise<T> {
    const { clock } = this.#settings;
    for (let n = 0; n < attempts; n++) {
      const change = new Change(clock.now(), this.#ids);
      const result = build(change);
      if (change.isEmpty) return result;
      this.#world.begin(change);
      if (await this.#committer.write(change, 'dispatcher')) return result;
      // What was built on it meanwhile is refused, too: until then the rows do not fit together.
      await this.#committer.idle();
      await sleep(firstDelayMs * 2 ** n * (0.5 + this.#settings.random()), { clock });
    }
    throw new ContendedError(what);
  }

  #known(id: number): ExecutionRow {
    const execution = this.#world.executions.get(id);
    if (!execution) throw new ContendedError(`execution ${id}`);
    return execution;
  }

  #inBackground(execution: ExecutionRow, work: () => Promise<void>): void {
    const attempt = async (): Promise<void> => {
      try {
        await work();
      } catch (error) {
        // Somebody else took it over and brought it to its end meanwhile.
        if (this.#world.executions.has(execution.id)) throw error;
        this.#settings.log.info('execution was ended by somebody else', { execution: execution.id });
      }
    };
    const done = this.#guard.run(`execution:${execution.id}`, attempt).then(() => {
      this.#work.delete(execution.id);
      this.#onSettled();
    });
    this.#work.set(execution.id, done);
  }

  #subjectOf(execution: ExecutionRow, owner: ExecutionRow): Subject {
    const job = execution.jobId === undefined ? undefined : this.#world.jobs.get(execution.jobId);
    const task = execution.taskId === undefined ? undefined : this.#world.tasks.get(execution.taskId);
    const hostIds = task
      ? [task.hostId]
      : this.#world.entriesOfExecution(owner.id).flatMap(({ hostId }) => hostId ?? []);
    const hosts = hostIds.flatMap((id) => this.#world.hosts.get(id) ?? []);
    const image = execution.purpose === 'provision' ? this.#imageFor(task) : undefined;
    return { execution, job, hosts, ...(image !== undefined && { image }) };
  }

  /** What the job wants on its host for which a task provisions it. */
  #imageFor(task: TaskRow | undefined): string | undefined {
    const entry = task?.entryId === undefined ? undefined : this.#world.entries.get(task.entryId);
    return entry && this.#world.jobs.get(entry.jobId)?.provision;
  }

  /** The execution that collects what this one left behind. */
  #gathererOf({ id, jobId, resultsDir }: ExecutionRow): ExecutionRow | undefined {
    if (jobId === undefined) return undefined;
    return this.#world
      .executionsOfJob(jobId)
      .find((one) => one.purpose === 'gather' && one.resultsDir === resultsDir && one.id !== id);
  }

  /** The execution for which this one collects. */
  #gatheredBy({ jobId, resultsDir }: ExecutionRow): ExecutionRow | undefined {
    if (jobId === undefined) return undefined;
    return this.#world.executionsOfJob(jobId).find((one) => one.purpose === 'job' && one.resultsDir === resultsDir);
  }
}
