import { messageOf } from '@autotest/core';
import { FencedError, type Fence } from '@autotest/core/db';
import { Committer, type Right } from '../commit/committer.ts';
import type { Decision } from '../commit/decision.ts';
import { Ids } from '../commit/ids.ts';
import { DispatcherReplacedError } from '../errors.ts';
import { compileOptions, type DispatcherOptions, type Settings } from '../options.ts';
import { Planner } from '../plan/planner.ts';
import { Executions } from '../run/executions.ts';
import { startResultsServer, type ResultsServer } from '../results-server/results-server.ts';
import { Runner } from '../run/runner.ts';
import { Supervision } from '../supervise/supervision.ts';
import { Observer } from '../telemetry/observer.ts';
import { World } from '../world/world.ts';
import { Alarm } from './alarm.ts';
import { Feed } from './feed.ts';
import { Guard } from './guard.ts';
import { History } from './history.ts';
import { Membership } from './membership.ts';
import { ReasonWriter } from './reason-writer.ts';
import { Shortage } from './shortage.ts';
import { takeOver } from './take-over.ts';

export interface Dispatcher {
  readonly id: string;
  /** Whether this one plans for all at the moment. */
  readonly isPlanner: boolean;
  /** Looks at the queue now instead of at the next event. */
  wake(): void;
  /** Stops. What runs goes on and is taken up by the next dispatcher with this id, unless it is to be aborted: then this waits for its end. */
  stop(options?: { abortRunning?: boolean }): Promise<void>;
}

/** Changes that may wait to be written: what is decided next, however urgent, comes behind them. */
const maxPending = 200;
const firstRetryMs = 100;
const maxRetryMs = 5000;

/**
 * Starts a dispatcher: it gives queued jobs their hosts, starts and watches executions, and ingests their journals.
 *
 * Several can share a database. Each carries out what it was given; one of them plans for all (see Membership). It may be killed at any moment. Whatever it does is one of
 * these steps, and each one leaves a state from which a dispatcher with the same id, or another one of its machine, goes on:
 *
 * - Assigning, launching, ending, settling: each is a change that is committed as a whole, guarded by versions, leases and the epoch of the dispatcher. Killed before
 *   the commit: nothing happened. After: it happened.
 * - Execution `created`, process not started or started but not written down: see Supervision; autoserv's lock lets one process go on, whatever is started.
 * - `starting` or `running`: pid, start time and socket are in the row; the process is found by them. It needs no dispatcher to go on.
 * - Journal taken in, in part or twice: the offset is stored with the rows, so each record counts once.
 * - Process gone, not written down: found gone; the journal's last record tells how it ended, or that it broke off.
 * - `ended`, not settled: settled. Lost and not yet gathered: the gathering execution was made in the change that wrote down the loss.
 * - Abort asked for, not sent: entries say so; it is sent again, which does no harm.
 *
 * An error in one item is logged, and the item is left alone for a while; the others go on. When the database is away, nothing is decided; when it is back, everything is read
 * anew.
 *
 * @throws AutoservMissingError
 * @throws DispatcherRunningError
 * @throws ListenError (`AT_LISTEN`) where results cannot be served
 */
export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const settings = compileOptions(options);
  const claim = await settings.processes.claim(settings.dispatcherId, settings.resultsRoot);
  let results: ResultsServer | undefined;
  // Also results of dispatchers that stop are read until the end.
  const release = async (): Promise<void> => {
    await results?.close();
    await claim.release();
  };
  try {
    results = settings.results && (await startResultsServer(settings.results, settings));
    const running = new RunningDispatcher(settings, { release, resultsUrl: results?.url });
    await running.start();
    return running;
  } catch (error) {
    await settings.executors.close();
    await release();
    throw error;
  }
}

interface Claim {
  /** Lets another process be this dispatcher. */
  release(): Promise<void>;
  readonly resultsUrl: string | undefined;
}

class RunningDispatcher implements Dispatcher {
  readonly #settings: Settings;
  readonly #claim: Claim;
  readonly #world = new World();
  readonly #observer: Observer;
  readonly #guard: Guard;
  readonly #ids: Ids;
  readonly #committer: Committer;
  readonly #feed: Feed;
  readonly #history: History;
  readonly #membership: Membership;
  readonly #executions: Executions;
  readonly #runner: Runner;
  readonly #shortage: Shortage;
  readonly #reasons: ReasonWriter;
  readonly #turns: Alarm;
  readonly #heartbeats: Alarm;
  #planner: Planner | undefined;
  #stopNews: (() => void) | undefined;
  #isBroken = false;
  #isReplaced = false;
  #retryMs = firstRetryMs;

  constructor(settings: Settings, claim: Claim) {
    const { clock, log, database } = settings;
    this.#settings = settings;
    this.#claim = claim;
    this.#observer = new Observer(settings, this.#world);
    this.#guard = new Guard(clock, log);
    this.#ids = new Ids(database.scheduling);
    this.#feed = new Feed(database, this.#world, (t) => settings.metrics.event(clock.now() - t));
    this.#history = new History(settings, this.#world);
    this.#membership = new Membership(settings, claim.resultsUrl);
    this.#shortage = new Shortage(settings);
    this.#reasons = new ReasonWriter(settings, this.#observer, (error) => {
      this.#noteFailure('reasons', 'storing reasons', error);
      this.wake();
    });
    this.#committer = new Committer({
      store: database.scheduling,
      world: this.#world,
      fence: (right) => this.#fence(right),
      onCommitted: (result, changes, tookMs) => {
        this.#observer.committed(changes, result, tookMs);
        if (result.events) this.#feed.pass(result.events);
        this.wake();
      },
      onBroken: (error, changes) => {
        this.#observer.refused(changes, error);
        this.#break(error);
      },
      onFenced: () => this.#heartbeats.wake(),
      monotonicMs: () => clock.monotonicMs(),
    });
    const supervision = { ...settings, isMember: () => this.#membership.isAccepted };
    this.#executions = new Executions({
      settings,
      world: this.#world,
      committer: this.#committer,
      ids: this.#ids,
      guard: this.#guard,
      startWatch:
        settings.startWatch ?? ((execution, owner, store) => new Supervision(supervision, execution, owner, store)),
      onSettled: () => this.wake(),
    });
    const isPaused = (key: string): boolean => this.#guard.isPaused(key);
    this.#runner = new Runner(this.#world, settings, this.#executions, {
      isPaused,
      shortage: () => this.#shortage.current,
      onFailed: (key, error) => this.#guard.failed(key, error),
    });
    this.#turns = new Alarm(clock, () => this.#turn());
    this.#heartbeats = new Alarm(clock, () => this.#heartbeat());
  }

  get id(): string {
    return this.#settings.dispatcherId;
  }

  get isPlanner(): boolean {
    return this.#planner !== undefined;
  }

  async start(): Promise<void> {
    const { database, executors, log, machine, startWatch } = this.#settings;
    if (!startWatch) executors.open();
    await this.#membership.join();
    await this.#feed.start();
    await this.#ids.refill();
    // Declared dead while it loaded: it joins again, as at any later time.
    await this.#guard.run('heartbeat', () => this.#beat());
    this.#stopNews = database.events.onAppend(() => {
      // While something is being written, the news may be just that; the end of it wakes.
      if (this.#committer.pending === 0) this.wake();
    });
    log.info('dispatcher started', { dispatcher: this.id, machine });
    this.#heartbeats.wake();
    this.wake();
  }

  wake(): void {
    this.#turns.wake();
  }

  async stop({ abortRunning = false } = {}): Promise<void> {
    if (abortRunning) await this.#executions.abortAll();
    await this.#turns.stop();
    await this.#executions.detach();
    await this.#settings.executors.close();
    await this.#committer.idle();
    await this.#reasons.idle();
    await this.#observer.idle();
    this.#stopNews?.();
    await this.#heartbeats.stop();
    // A database that is away at this moment finds out by the silence.
    await this.#guard.run('leaving', () => this.#membership.leave());
    await this.#claim.release();
    this.#settings.log.info('dispatcher stopped', { dispatcher: this.id });
  }

  /** One look at what changed. Gives the delay until the next one, ms. */
  async #turn(): Promise<number> {
    const { clock, limits } = this.#settings;
    if (this.#isReplaced) return limits.pollMs;
    try {
      // Whoever got the role meanwhile may not know yet what the planner before it decided last.
      const planner = this.#planner;
      if (this.#isBroken) await this.#mend();
      await this.#feed.read();
      await this.#ids.refill();
      await this.#readAwaited();
      if (this.#planner) await this.#history.refresh();
      // It may have come to be while all this was read.
      if (this.#isBroken) return 0;
      const now = clock.now();
      this.#world.tick(now);
      this.#noteShortage();
      const resumed = this.#guard.resumed();
      this.#planner?.retry(resumed);
      this.#runner.retry(resumed);
      this.#run(now);
      if (planner && planner === this.#planner) this.#carryOut(this.#plan(planner, now), 'planner');
      if (this.#runner.hasWork) this.#run(now);
      if (this.#planner) this.#reasons.turn(this.#planner, this.#fence('planner'));
      await this.#committer.below(maxPending / 2);
      this.#retryMs = firstRetryMs;
      this.#observer.turned();
      if (this.#planner?.hasWork || this.#runner.hasWork) return 0;
      const dueMs = this.#world.timers.nextAt - clock.now();
      return Math.max(0, Math.min(limits.pollMs, dueMs, this.#guard.nextEndMs()));
    } catch (error) {
      this.#noteFailure('turn', 'looking at the queue', error);
      this.#retryMs = Math.min(maxRetryMs, this.#retryMs * 2);
      return this.#retryMs;
    }
  }

  /** Each execution that begins has more to write soon: none begins while much waits to be written. */
  #run(now: number): void {
    const room = Math.max(0, maxPending - this.#committer.pending);
    this.#carryOut(this.#runner.turn(now, this.#ids, room), 'dispatcher');
  }

  #plan(planner: Planner, now: number): Decision[] {
    const { clock } = this.#settings;
    const startedMs = clock.monotonicMs();
    const decisions = planner.turn(now, this.#ids);
    this.#observer.planned(clock.monotonicMs() - startedMs);
    return decisions;
  }

  #carryOut(decisions: readonly Decision[], right: Right): void {
    for (const { key, change, onWritten } of decisions) {
      this.#committer.write(change, right).then(
        (isDone) => {
          if (isDone) onWritten?.();
          this.wake();
        },
        (error: unknown) => {
          // Of the database or of all: no fault of this one thing.
          this.#settings.log.debug('a change was not written', { what: key, reason: messageOf(error) });
        },
      );
    }
  }

  #noteFailure(doing: 'turn' | 'reasons', what: string, error: unknown): void {
    const { log } = this.#settings;
    // Declared dead meanwhile: it joins again with its next heartbeat.
    if (error instanceof FencedError) log.warn(`${what} was refused`, { reason: messageOf(error) });
    else log.error(`${what} failed`, { reason: messageOf(error), error });
    this.#observer.failed(doing, error);
    this.#break(error);
  }

  /** Nothing is known of what was under way: everything is read again before anything else is decided. */
  #break(error: unknown): void {
    if (!this.#isBroken) this.#settings.log.warn('the world is read anew', { reason: messageOf(error) });
    this.#isBroken = true;
  }

  async #mend(): Promise<void> {
    await this.#committer.idle();
    await this.#reasons.idle();
    if (!this.#membership.isMember) await this.#membership.join();
    // Before it reads: what breaks meanwhile has to be mended once more.
    this.#isBroken = false;
    await this.#feed.start();
  }

  async #readAwaited(): Promise<void> {
    const wanted = this.#planner?.wantedJobs;
    if (!wanted || wanted.size === 0) return;
    this.#planner?.takeAwaited(await this.#settings.database.lookup.jobs([...wanted]));
  }

  #noteShortage(): void {
    const own = this.#world.dispatchers.get(this.id);
    const { current } = this.#shortage;
    if (!own || own.shortage === current) return;
    const { shortage: _shortage, ...rest } = own;
    const others = [...this.#world.dispatchers.values()].filter(({ id }) => id !== this.id);
    this.#world.takeDispatchers([...others, current === undefined ? rest : { ...rest, shortage: current }]);
    this.#heartbeats.wake();
  }

  async #heartbeat(): Promise<number> {
    await this.#guard.run('heartbeat', async () => {
      if (!this.#isReplaced) await this.#beat();
    });
    return this.#settings.limits.heartbeatMs;
  }

  async #beat(): Promise<void> {
    const { clock, log } = this.#settings;
    const dispatchers = await this.#membership.beat(this.#shortage.current).catch(async (error: unknown) => {
      if (error instanceof DispatcherReplacedError) await this.#giveWay();
      this.#observer.failed('heartbeat', error);
      throw error;
    });
    if (!this.#membership.isMember) {
      this.#stopPlanning();
      log.warn('this dispatcher was declared dead and joins again', { dispatcher: this.id });
      await this.#executions.detach();
      this.#break(new Error('declared dead'));
      this.wake();
      return;
    }
    this.#world.takeDispatchers(dispatchers);
    await this.#seekRole();
    if (this.#planner) {
      takeOver(this.#world, this.#membership, this.#settings, {
        carryOut: (decision) => this.#carryOut([decision], 'planner'),
        onFailed: (key, error) => this.#guard.failed(key, error),
        abandon: (execution, cause) => this.#executions.abandon(execution, cause),
        ids: this.#ids,
        now: clock.now(),
      });
      this.#planner.touchCrew();
    }
    this.#observer.beat({ isPlanner: this.isPlanner, running: this.#runner.placed });
    this.wake();
  }

  /** Another process is this dispatcher by now: this one lets go of everything. */
  async #giveWay(): Promise<void> {
    this.#isReplaced = true;
    this.#stopPlanning();
    await this.#executions.detach();
  }

  async #seekRole(): Promise<void> {
    const isPlanner = await this.#membership.seekPlanner();
    if (isPlanner === (this.#planner !== undefined)) return;
    const { clock, limits, log } = this.#settings;
    if (!isPlanner) {
      this.#stopPlanning();
      return;
    }
    log.info('this dispatcher plans from now on', { dispatcher: this.id });
    this.#planner = new Planner(this.#world, {
      isAlive: (id) => this.#membership.isAlive(id, clock.monotonicMs()),
      isPaused: (key) => this.#guard.isPaused(key),
      onFailed: (key, error) => this.#guard.failed(key, error),
      holdMs: limits.holdMs,
    });
  }

  #stopPlanning(): void {
    this.#planner?.end();
    this.#planner = undefined;
    this.#observer.lostRole();
  }

  #fence(right: Right): Fence | undefined {
    const fence = this.#membership.fence;
    if (right === 'dispatcher') return fence;
    const role = this.#membership.role;
    return fence && role && { ...fence, role };
  }
}
