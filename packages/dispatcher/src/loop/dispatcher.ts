import { messageOf } from '@autotest/core';
import type { DispatcherRow, ExecutionRow, Snapshot } from '@autotest/core/db';
import { isSameProcess } from '@autotest/core/node';
import { assignHost } from '../apply/assign-host.ts';
import { endEntry, yieldHost } from '../apply/end-entry.ts';
import { launch } from '../apply/launch.ts';
import { settleJob } from '../apply/settle-job.ts';
import { settleTask } from '../apply/settle-task.ts';
import { addOwnTask, startTask } from '../apply/start-task.ts';
import { subjectOf } from '../apply/subject.ts';
import { recordEnd, recordGreeting, recordStart } from '../apply/track-execution.ts';
import { plan } from '../plan/plan.ts';
import { isOurs } from '../plan/tasks.ts';
import type { Plan } from '../plan/types.ts';
import { compileOptions, type DispatcherOptions, type Settings } from '../options.ts';
import { prepareExecution } from '../supervise/prepare.ts';
import { Supervision } from '../supervise/supervision.ts';
import { Alarm } from './alarm.ts';
import { BackOff } from './back-off.ts';
import { watchNews } from './news.ts';
import { claimInstance } from './single-instance.ts';

export interface Dispatcher {
  readonly id: string;
  /** Looks at the queue now instead of at the next event. */
  wake(): void;
  /** Stops. What runs goes on and is taken up by the next dispatcher with this id, unless it is to be aborted: then this waits for its end. */
  stop(options?: { abortRunning?: boolean }): Promise<void>;
}

/**
 * Starts a dispatcher: it gives queued jobs their hosts, starts and watches executions, and ingests their journals.
 *
 * It may be killed at any moment. Whatever it does is one of these steps, and each one leaves a state from which the next dispatcher with the same id goes on:
 *
 * - Assigning, launching, ending, settling: each is one transaction guarded by versions and leases. Killed before its commit: nothing happened. After: it happened.
 * - Execution `created`, process not started or started but not written down: see Supervision; autoserv's lock lets one process go on, whatever is started.
 * - `starting` or `running`: pid, start time and socket are in the row; the process is found by them. It needs no dispatcher to go on.
 * - Journal taken in, in part or twice: the offset is stored with the rows, so each record counts once.
 * - Process gone, not written down: found gone; the journal's last record tells how it ended, or that it broke off.
 * - `ended`, not settled: settled. Lost and not yet gathered: the gathering execution was made in the transaction that wrote down the loss.
 * - Abort asked for, not sent: entries say so; it is sent again, which does no harm.
 *
 * An error in one item is logged, and the item is left alone for a while; the others go on.
 *
 * @throws AutoservMissingError
 * @throws DispatcherRunningError
 */
export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const settings = compileOptions(options);
  const claim = await claimInstance(settings.dispatcherId, settings.resultsRoot);
  try {
    const running = new RunningDispatcher(settings, claim);
    await running.start();
    return running;
  } catch (error) {
    await claim.release();
    throw error;
  }
}

class RunningDispatcher implements Dispatcher {
  readonly #settings: Settings;
  readonly #claim: { release(): Promise<void> };
  readonly #backOff: BackOff;
  readonly #cycles: Alarm;
  readonly #heartbeats: Alarm;
  /** By execution id. */
  readonly #supervisions = new Map<number, Supervision>();
  readonly #settling = new Map<number, Promise<void>>();
  readonly #startedAt: number;
  /** Ids of dead dispatchers of this machine. */
  #inherited: ReadonlySet<string> = new Set();
  #stopNews: (() => void) | undefined;
  #isStopping = false;

  constructor(settings: Settings, claim: { release(): Promise<void> }) {
    this.#settings = settings;
    this.#claim = claim;
    this.#backOff = new BackOff(settings.clock);
    this.#startedAt = settings.clock.now();
    this.#cycles = new Alarm(settings.clock, () => this.#cycle());
    this.#heartbeats = new Alarm(settings.clock, () => this.#heartbeat());
  }

  get id(): string {
    return this.#settings.dispatcherId;
  }

  async start(): Promise<void> {
    const { database, log, machine } = this.#settings;
    await this.#beat();
    this.#stopNews = await watchNews(
      database,
      () => this.wake(),
      (error) => log.error('reading events failed', { error }),
    );
    log.info('dispatcher started', { dispatcher: this.id, machine });
    this.#heartbeats.wake();
    this.wake();
  }

  wake(): void {
    this.#cycles.wake();
  }

  async stop({ abortRunning = false } = {}): Promise<void> {
    this.#isStopping = true;
    await this.#cycles.stop();
    if (abortRunning) await this.#abortAll();
    for (const supervision of this.#supervisions.values()) supervision.detach();
    await Promise.all(this.#settling.values());
    this.#stopNews?.();
    await this.#heartbeats.stop();
    await this.#claim.release();
    this.#settings.log.info('dispatcher stopped', { dispatcher: this.id });
  }

  async #abortAll(): Promise<void> {
    const wish = { by: 'dispatcher', reason: 'the dispatcher stops', timedOut: false };
    while (this.#supervisions.size > 0) {
      for (const supervision of this.#supervisions.values()) supervision.abort(wish);
      await Promise.all(this.#settling.values());
      // A lost execution has another one behind it that gathers; nothing else begins while stopping.
      await this.#adopt(await this.#settings.database.scheduling.snapshot());
    }
  }

  /** One look at everything. Gives the delay until the next one, ms. */
  async #cycle(): Promise<number> {
    const { database, clock, limits, log } = this.#settings;
    try {
      const snapshot = await database.scheduling.snapshot();
      await this.#adopt(snapshot);
      const decided = plan(snapshot, {
        dispatcherId: this.id,
        inherited: this.#inherited,
        maxExecutions: limits.maxExecutions,
        paused: this.#backOff.paused(),
      });
      await this.#apply(snapshot, decided);
      const nextAt = Math.min(decided.wakeAt, this.#backOff.nextEnd());
      return Math.max(0, Math.min(limits.pollMs, nextAt - clock.now()));
    } catch (error) {
      log.error('looking at the queue failed', { error });
      return limits.pollMs;
    }
  }

  async #apply(snapshot: Snapshot, decided: Plan): Promise<void> {
    const settings = this.#settings;
    for (const { execution, by, reason, timedOut } of decided.interrupts)
      this.#supervisions.get(execution.id)?.abort({ by, reason, timedOut });
    for (const ending of decided.endings)
      await this.#guard(`entry:${ending.entry.id}`, () => endEntry(settings, snapshot, ending));
    for (const entries of decided.starts)
      await this.#guard(`entry:${entries[0]?.id}`, async () =>
        this.#supervise(await launch(settings, snapshot, entries)),
      );
    for (const task of decided.taskStarts)
      await this.#guard(`task:${task.id}`, async () => this.#supervise(await startTask(settings, snapshot, task)));
    for (const assignment of decided.assignments)
      await this.#guard(`entry:${assignment.entry.id}`, () => assignHost(settings, snapshot, assignment));
    for (const entry of decided.yields)
      await this.#guard(`entry:${entry.id}`, () => yieldHost(settings, snapshot, entry));
    for (const { hostId, kind } of decided.newTasks) {
      const host = snapshot.hosts.find(({ id }) => id === hostId);
      if (host) await this.#guard(`host:${hostId}`, () => addOwnTask(settings, host, kind));
    }
    if (decided.waiting.length > 0)
      await this.#guard('waiting', () => settings.database.scheduling.setWaiting(decided.waiting));
  }

  /** Takes up executions of this dispatcher that nobody watches: of an earlier run of it, or after an error. */
  async #adopt(snapshot: Snapshot): Promise<void> {
    for (const execution of snapshot.executions) {
      if (
        !isOurs(execution, { dispatcherId: this.id, inherited: this.#inherited }) ||
        this.#supervisions.has(execution.id) ||
        this.#settling.has(execution.id)
      )
        continue;
      if (this.#backOff.isPaused(`execution:${execution.id}`)) continue;
      if (execution.state !== 'ended') await this.#supervise(execution, snapshot);
      else if (!gathererOf(execution, snapshot)) this.#settle(execution.id, () => this.#close(execution, snapshot));
    }
  }

  async #supervise(execution: ExecutionRow | undefined, known?: Snapshot): Promise<void> {
    if (!execution || this.#supervisions.has(execution.id)) return;
    const settings = this.#settings;
    const snapshot =
      execution.purpose === 'gather' ? (known ?? (await settings.database.scheduling.snapshot())) : undefined;
    const owner = (snapshot && gatheredBy(execution, snapshot)) ?? execution;
    const supervision = new Supervision(settings, execution, owner, {
      prepare: async () => prepareExecution(settings, await subjectOf(settings, execution, owner)),
      started: (pid, startTicks) => recordStart(settings, execution.id, pid, startTicks),
      greeted: (pid) => recordGreeting(settings, execution.id, pid),
    });
    this.#supervisions.set(execution.id, supervision);
    settings.log.info('execution is watched', {
      execution: execution.id,
      tag: execution.tag,
      purpose: execution.purpose,
      state: execution.state,
    });
    this.#settle(execution.id, async () => {
      try {
        const end = await supervision.run();
        if (!end) return;
        const ended = await recordEnd(settings, execution.id, end);
        settings.log.info('execution ended', {
          execution: execution.id,
          tag: execution.tag,
          exitClass: end.exitClass,
          cause: end.cause?.code,
        });
        this.#supervisions.delete(execution.id);
        if (!end.needsGather) await this.#close(ended, snapshot);
      } finally {
        this.#supervisions.delete(execution.id);
      }
    });
  }

  /** Gives an ended execution its consequences. */
  async #close(execution: ExecutionRow, snapshot: Snapshot | undefined): Promise<void> {
    const settings = this.#settings;
    if (execution.purpose === 'job') {
      await settleJob(settings, execution.id);
    } else if (execution.purpose === 'gather') {
      const owner = snapshot && gatheredBy(execution, snapshot);
      if (owner) await settleJob(settings, owner.id, execution);
    } else {
      await settleTask(settings, execution.id);
    }
  }

  /** Runs the end of an execution in the background. */
  #settle(executionId: number, work: () => Promise<void>): void {
    const key = `execution:${executionId}`;
    const done = this.#guard(key, work).then(() => {
      this.#settling.delete(executionId);
      if (!this.#isStopping) this.wake();
    });
    this.#settling.set(executionId, done);
  }

  /** An error in one thing must not stop the others: it is logged, and the thing is left alone for a while. */
  async #guard(key: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      this.#backOff.succeeded(key);
    } catch (error) {
      this.#backOff.failed(key);
      this.#settings.log.error('a step failed and is tried again later', {
        what: key,
        reason: messageOf(error),
        error,
      });
    }
  }

  async #heartbeat(): Promise<number> {
    await this.#guard('heartbeat', () => this.#beat());
    return this.#settings.limits.heartbeatMs;
  }

  async #beat(): Promise<void> {
    const { database, machine, clock, limits } = this.#settings;
    await database.scheduling.heartbeat({ id: this.id, machine, pid: process.pid, startedAt: this.#startedAt });
    const dead = deadNeighbours(await database.scheduling.dispatchers(), this.#settings);
    if (dead.some((id) => !this.#inherited.has(id)))
      this.#settings.log.info('work of dead dispatchers is taken over', { dispatchers: dead });
    this.#inherited = new Set(dead);
    for (const id of [this.id, ...dead]) await database.scheduling.extendLeases(id, clock.now() + limits.leaseMs);
  }
}

/** Other dispatchers of this machine whose process is gone. */
function deadNeighbours(
  dispatchers: readonly DispatcherRow[],
  { dispatcherId, machine, clock, limits }: Settings,
): string[] {
  const silentSince = clock.now() - limits.leaseMs;
  return dispatchers
    .filter((one) => one.id !== dispatcherId && one.machine === machine && one.heartbeatAt < silentSince)
    .filter(({ pid }) => !isSameProcess(pid, undefined))
    .map(({ id }) => id);
}

/** The execution that collects what this one left behind. */
function gathererOf(execution: ExecutionRow, { executions }: Snapshot): ExecutionRow | undefined {
  return executions.find(
    (one) => one.purpose === 'gather' && one.resultsDir === execution.resultsDir && one.id !== execution.id,
  );
}

/** The execution for which this one collects. */
function gatheredBy(gather: ExecutionRow, { executions }: Snapshot): ExecutionRow | undefined {
  return executions.find((one) => one.purpose === 'job' && one.resultsDir === gather.resultsDir);
}
