import type { ExecutionRow, Snapshot } from '@autotest/core/db';
import { assignHost } from '../apply/assign-host.ts';
import { endEntry, yieldHost } from '../apply/end-entry.ts';
import { launch } from '../apply/launch.ts';
import { addOwnTask, startTask } from '../apply/start-task.ts';
import { plan } from '../plan/plan.ts';
import { isOurs } from '../plan/tasks.ts';
import type { Plan } from '../plan/types.ts';
import { compileOptions, type DispatcherOptions, type Settings } from '../options.ts';
import { Alarm } from './alarm.ts';
import { Executions } from './executions.ts';
import { Guard } from './guard.ts';
import { deadNeighbours } from './neighbours.ts';
import { watchNews } from './news.ts';
import { claimInstance } from './single-instance.ts';
import { shortageOf } from './shortage.ts';

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
  readonly #guard: Guard;
  readonly #executions: Executions;
  readonly #cycles: Alarm;
  readonly #heartbeats: Alarm;
  readonly #startedAt: number;
  /** Ids of dead dispatchers of this machine. */
  #inherited: ReadonlySet<string> = new Set();
  #epoch = 0;
  #stopNews: (() => void) | undefined;

  constructor(settings: Settings, claim: { release(): Promise<void> }) {
    this.#settings = settings;
    this.#claim = claim;
    this.#guard = new Guard(settings.clock, settings.log);
    this.#executions = new Executions(settings, this.#guard, () => this.wake());
    this.#startedAt = settings.clock.now();
    this.#cycles = new Alarm(settings.clock, () => this.#cycle());
    this.#heartbeats = new Alarm(settings.clock, () => this.#heartbeat());
  }

  get id(): string {
    return this.#settings.dispatcherId;
  }

  async start(): Promise<void> {
    const { database, log, machine } = this.#settings;
    this.#epoch = await database.scheduling.register({
      id: this.id,
      machine,
      pid: process.pid,
      startedAt: this.#startedAt,
      maxExecutions: this.#settings.limits.maxExecutions,
      pools: [],
    });
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
    await this.#cycles.stop();
    if (abortRunning) await this.#executions.abortAll(this.#isOurs);
    await this.#executions.detach();
    this.#stopNews?.();
    await this.#heartbeats.stop();
    await this.#claim.release();
    this.#settings.log.info('dispatcher stopped', { dispatcher: this.id });
  }

  /** One look at everything. Gives the delay until the next one, ms. */
  async #cycle(): Promise<number> {
    const { database, clock, limits, log } = this.#settings;
    try {
      const snapshot = await database.scheduling.snapshot();
      this.#executions.adopt(snapshot, this.#isOurs);
      const decided = plan(snapshot, {
        dispatcherId: this.id,
        inherited: this.#inherited,
        maxExecutions: limits.maxExecutions,
        shortage: shortageOf(this.#settings),
        paused: this.#guard.paused(),
      });
      await this.#apply(snapshot, decided);
      const nextAt = Math.min(decided.wakeAt, this.#guard.nextEnd());
      return Math.max(0, Math.min(limits.pollMs, nextAt - clock.now()));
    } catch (error) {
      log.error('looking at the queue failed', { error });
      return limits.pollMs;
    }
  }

  /** Each item is a transaction by itself. What loses a race is dropped: whoever won it wrote an event, which leads to the next cycle. */
  async #apply(snapshot: Snapshot, decided: Plan): Promise<void> {
    const settings = this.#settings;
    const executions = this.#executions;
    for (const interrupt of decided.interrupts) executions.abort(interrupt);
    for (const ending of decided.endings)
      await this.#guard.run(`entry:${ending.entry.id}`, () => endEntry(settings, snapshot, ending));
    for (const entries of decided.starts)
      await this.#guard.run(`entry:${entries[0]?.id}`, async () =>
        executions.watch(await launch(settings, snapshot, entries), snapshot),
      );
    for (const task of decided.taskStarts)
      await this.#guard.run(`task:${task.id}`, async () =>
        executions.watch(await startTask(settings, snapshot, task), snapshot),
      );
    for (const assignment of decided.assignments)
      await this.#guard.run(`entry:${assignment.entry.id}`, () => assignHost(settings, snapshot, assignment));
    for (const entry of decided.yields)
      await this.#guard.run(`entry:${entry.id}`, () => yieldHost(settings, snapshot, entry));
    for (const { hostId, kind } of decided.newTasks) {
      const host = snapshot.hosts.find(({ id }) => id === hostId);
      if (host) await this.#guard.run(`host:${hostId}`, () => addOwnTask(settings, host, kind));
    }
    if (decided.waiting.length > 0)
      await this.#guard.run('waiting', () =>
        settings.database.scheduling.setWaits(
          decided.waiting.map(({ entryId, code, message }) => ({
            key: `entry:${entryId}`,
            reason: { code, message },
            entryIds: [entryId],
          })),
        ),
      );
  }

  readonly #isOurs = (execution: ExecutionRow): boolean =>
    isOurs(execution, { dispatcherId: this.id, inherited: this.#inherited });

  async #heartbeat(): Promise<number> {
    await this.#guard.run('heartbeat', () => this.#beat());
    return this.#settings.limits.heartbeatMs;
  }

  async #beat(): Promise<void> {
    const { database, clock, limits, log } = this.#settings;
    await database.scheduling.beat({ id: this.id, epoch: this.#epoch });
    const dead = deadNeighbours(await database.scheduling.dispatchers(), this.#settings);
    if (dead.some((id) => !this.#inherited.has(id))) log.info('the work of dead dispatchers is taken over', { dead });
    this.#inherited = new Set(dead);
    for (const id of [this.id, ...dead]) await database.scheduling.extendLeases(id, clock.now() + limits.leaseMs);
  }
}
