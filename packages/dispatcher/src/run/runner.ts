import { Change, type EntryRow, type ExecutionRow, type IdSource } from '@autotest/core/db';
import type { Decision } from '../commit/decision.ts';
import type { Settings } from '../options.ts';
import { groupSizeOf } from '../plan/demand.ts';
import { drain, type Dirty } from '../world/dirty.ts';
import type { World } from '../world/world.ts';
import { interruptOf, type Interrupt } from './interrupts.ts';
import { launch } from './launch.ts';
import { startTask } from './start-task.ts';
import { Tags } from './tags.ts';
import { wholeGroups } from './whole-groups.ts';

/** What a runner has done about its executions. */
export interface RunnerPort {
  /** Takes up an execution: starts or finds its process, or closes one that ended. Harmless for one that is taken up. */
  takeUp(execution: ExecutionRow): void;
  abort(interrupt: Interrupt): void;
}

export interface RunnerOptions {
  readonly isPaused: (key: string) => boolean;
  /** Why nothing may start on this machine for now. */
  readonly shortage: () => string | undefined;
  /** A thing could not be planned: it is left alone for a while, the others go on. */
  readonly onFailed: (key: string, error: unknown) => void;
}

/**
 * Carries out what was given to this dispatcher: starts tasks and jobs as far as it has places, takes up executions that nobody watches, and stops those that nobody wants or whose
 * time is over. It looks at what changed, and at what it could not start yet.
 */
export class Runner {
  readonly #world: World;
  readonly #settings: Settings;
  readonly #port: RunnerPort;
  readonly #options: RunnerOptions;
  readonly #dirty: Dirty;
  readonly #tags = new Tags();
  /** Entries that are ready and tasks that are queued, of this dispatcher. */
  readonly #ready = new Set<number>();
  readonly #queuedTasks = new Set<number>();
  /** Executions of this dispatcher that have a place. */
  readonly #placed = new Set<number>();
  /** Whether more could have been begun in the last turn. */
  #isCutShort = false;

  constructor(world: World, settings: Settings, port: RunnerPort, options: RunnerOptions) {
    this.#world = world;
    this.#settings = settings;
    this.#port = port;
    this.#options = options;
    this.#dirty = world.observe();
  }

  get hasWork(): boolean {
    const { entries, tasks, executions, jobs } = this.#dirty;
    return this.#isCutShort || entries.size + tasks.size + executions.size + jobs.size > 0;
  }

  /** Executions that run or are about to. */
  get placed(): number {
    return this.#placed.size;
  }

  /** Looks again at something that failed a while ago: `entry:7`, `task:9`, `execution:3`. */
  retry(keys: Iterable<string>): void {
    for (const key of keys) {
      const [kind, id] = key.split(':');
      if (kind === 'execution') this.#dirty.executions.add(Number(id));
    }
  }

  /** @param limit how many executions may be begun */
  turn(now: number, ids: IdSource, limit: number): Decision[] {
    this.#dirty.hosts.clear();
    this.#dirty.dispatchers = false;
    this.#dirty.rules = false;
    for (const taskId of drain(this.#dirty.tasks)) this.#lookAtTask(taskId);
    for (const entryId of drain(this.#dirty.entries)) this.#lookAtEntry(entryId, now);
    for (const jobId of drain(this.#dirty.jobs)) if (!this.#world.jobs.has(jobId)) this.#tags.forget(jobId);
    for (const executionId of drain(this.#dirty.executions)) this.#lookAtExecution(executionId, now);
    const launched = this.#launch(now, ids, limit);
    const started = this.#startTasks(now, ids, limit - launched.length);
    this.#isCutShort = launched.length + started.length >= limit && this.#hasPlace();
    return [...launched, ...started];
  }

  #isOurs({ dispatcherId }: { readonly dispatcherId?: string }): boolean {
    return dispatcherId === this.#settings.dispatcherId;
  }

  #lookAtTask(taskId: number): void {
    const task = this.#world.tasks.get(taskId);
    if (task?.state === 'queued' && this.#isOurs(task)) this.#queuedTasks.add(taskId);
    else this.#queuedTasks.delete(taskId);
  }

  #lookAtEntry(entryId: number, now: number): void {
    const entry = this.#world.entries.get(entryId);
    if (entry?.state === 'ready' && this.#isOurs(entry)) this.#ready.add(entryId);
    else this.#ready.delete(entryId);
    if (entry?.executionId !== undefined) this.#interrupt(this.#world.executions.get(entry.executionId), now);
    // An entry that is gone, or has another host by now, does not want the task any more that works for it.
    for (const { id } of this.#world.tasksOfEntry(entryId)) this.#interrupt(this.#world.executionOfTask(id), now);
  }

  #lookAtExecution(executionId: number, now: number): void {
    const execution = this.#world.executions.get(executionId);
    if (!execution || !this.#isOurs(execution)) {
      this.#placed.delete(executionId);
      return;
    }
    if (execution.jobId !== undefined) this.#tags.note(execution.jobId, execution.tag);
    if (execution.state === 'ended') this.#placed.delete(executionId);
    else this.#placed.add(executionId);
    // What is not written yet may be refused: then nothing must have been started for it.
    if (!this.#world.isUnderWay('executions', executionId) && !this.#options.isPaused(`execution:${executionId}`))
      this.#port.takeUp(execution);
    this.#interrupt(execution, now);
  }

  #interrupt(execution: ExecutionRow | undefined, now: number): void {
    if (!execution || !this.#isOurs(execution)) return;
    const interrupt = interruptOf(this.#world, execution, now);
    if (interrupt) this.#port.abort(interrupt);
  }

  /** Jobs whose hosts are ready go before tasks: they hold hosts. */
  #launch(now: number, ids: IdSource, limit: number): Decision[] {
    const decisions: Decision[] = [];
    for (const group of this.#groups()) {
      if (decisions.length >= limit || !this.#hasPlace()) break;
      const change = new Change(now, ids);
      const key = `entry:${group[0]?.id}`;
      const execution = this.#attempt(key, () => launch(change, this.#world, this.#settings, this.#tags, group));
      if (!execution) continue;
      for (const { id } of group) this.#ready.delete(id);
      decisions.push(this.#decide(key, change, execution));
    }
    return decisions;
  }

  /** Ready entries that can start, as they start together, in their order. */
  #groups(): EntryRow[][] {
    const groups: EntryRow[][] = [];
    const seen = new Set<number>();
    for (const entryId of this.#ready) {
      const entry = this.#world.entries.get(entryId);
      const job = entry && this.#world.jobs.get(entry.jobId);
      if (!entry || !job || entry.abortRequested || this.#options.isPaused(`entry:${entryId}`)) continue;
      const size = groupSizeOf(job);
      if (size === 1 || entry.hostless) {
        groups.push([entry]);
        continue;
      }
      if (seen.has(job.id)) continue;
      seen.add(job.id);
      const ready = this.#world.entriesOf(job.id).filter(({ id }) => this.#ready.has(id));
      groups.push(...wholeGroups(this.#world, job, ready));
    }
    return groups.sort((a, b) => this.#rankOf(b) - this.#rankOf(a) || (a[0]?.jobId ?? 0) - (b[0]?.jobId ?? 0));
  }

  #rankOf([entry]: readonly EntryRow[]): number {
    return (entry && this.#world.jobs.get(entry.jobId)?.priority) ?? 0;
  }

  #startTasks(now: number, ids: IdSource, limit: number): Decision[] {
    const decisions: Decision[] = [];
    for (const taskId of this.#queuedTasks) {
      if (decisions.length >= limit || !this.#hasPlace()) break;
      const task = this.#world.tasks.get(taskId);
      if (!task || this.#options.isPaused(`task:${taskId}`)) continue;
      const change = new Change(now, ids);
      const execution = this.#attempt(`task:${taskId}`, () => startTask(change, this.#world, this.#settings, task));
      if (!execution) continue;
      this.#queuedTasks.delete(taskId);
      decisions.push(this.#decide(`task:${taskId}`, change, execution));
    }
    return decisions;
  }

  /** One thing that cannot be does not stop the others. */
  #attempt<T>(key: string, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#options.onFailed(key, error);
      return undefined;
    }
  }

  #hasPlace(): boolean {
    return this.#placed.size < this.#settings.limits.maxExecutions && this.#options.shortage() === undefined;
  }

  #decide(key: string, change: Change, execution: ExecutionRow): Decision {
    this.#world.begin(change);
    this.#placed.add(execution.id);
    return { key, change, onWritten: () => this.#port.takeUp(execution) };
  }
}
