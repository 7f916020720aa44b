import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { abortFileName, journalFileName, sleep, type FromAutoserv, type Log } from '@autotest/core';
import { FencedError, type ExecutionRow, type SchedulingStore } from '@autotest/core/db';
import { writeFileAtomic } from '@autotest/core/node';
import { startFailure } from '../errors.ts';
import { type AutoservProcess, type ProcessEnd, lockedExitCode } from '../executors/executor.ts';
import type { Settings } from '../options.ts';
import { contactIntervalMs, touchContact } from './contact.ts';
import { Ingester } from './ingester.ts';
import { journalSize, readEndRecord } from './journal-end.ts';
import { keepConnected, type KeptConnection } from './keep-connected.ts';
import { type AbortWish, type RunEnd, verdictOfEnd } from './verdict.ts';

export type { AbortWish, RunEnd } from './verdict.ts';

/** What a supervision does to the database. */
export interface SupervisionStore {
  /** Makes the files with which autoserv starts. */
  prepare(): Promise<void>;
  /** created → starting. @param pid 0 where it is no process of this machine; `externalId` says then where it is */
  started(pid: number, startTicks: string | undefined, externalId?: string): Promise<ExecutionRow>;
  /** → running, with the entries. The process itself knows its pid best. @param pid 0 where it is no process of this machine */
  greeted(pid: number): Promise<ExecutionRow>;
}

export interface SupervisionSettings extends Settings {
  /** Whether this dispatcher's signs of life are accepted: nobody else may take its executions for lost. */
  readonly isMember: () => boolean;
}

const pollMs = 1000;
/** How long records of a process on another machine may be on their way here through a shared file system. */
const settleMs = 5000;
/** How long a process may stay after its last record. */
const lingerMs = 10_000;

/**
 * Watches over one execution from its start, or from wherever an earlier dispatcher left it, to the end of its process: has the executor start autoserv, speaks with it over
 * its control socket, and takes its journal into the database as it grows.
 *
 * The end is the end of the process, nothing else: a socket that breaks is connected again, and the journal file says how it went. What
 * this object knows is not needed after a crash: pid, start time, socket path and offset are in the execution's row.
 *
 * A row in state `created` does not tell whether its process was started, as the dispatcher may have died between start and writing that down. autoserv takes a
 * lock in its results directory before anything else. A living holder of the lock is the process. Without one, a journal that has begun tells that it was there
 * and is gone; and without a journal it is started (again): of two that start, one gets the lock, and the other ends with code 3. An executor that is no process
 * of this machine finds what it started by itself, before anything is started.
 *
 * A process on another machine has no control socket here. That it runs is seen by its journal then, which is looked at each second; and it is told to abort by a file and
 * SIGTERM, which its executor brings there.
 */
export class Supervision {
  readonly #settings: SupervisionSettings;
  readonly #store: SupervisionStore;
  readonly #log: Log;
  readonly #journal: string;
  readonly #ingester: Ingester;
  #execution: ExecutionRow;
  #process: AutoservProcess | undefined;
  #connection: KeptConnection | undefined;
  #isConnected = false;
  #hasGreeted = false;
  /** Bytes of the journal before anything was started; of one that was found, 0. */
  #journalAtStart = 0;
  /** How it ended by its own account. */
  #lastWord: Extract<FromAutoserv, { type: 'ended' }> | undefined;
  #abort: AbortWish | undefined;
  /** What its executor says of its end. */
  #processEnd: ProcessEnd = {};
  #isDetached = false;
  readonly #timers = new Set<() => void>();
  readonly #background = new Set<Promise<void>>();
  readonly #detached = Promise.withResolvers<'detached'>();
  /** Calls off a start that waits. */
  readonly #startWanted = new AbortController();

  /** @param owner the execution under whose id the journal is ingested: for `gather` the one it collects for */
  constructor(settings: SupervisionSettings, execution: ExecutionRow, owner: ExecutionRow, store: SupervisionStore) {
    this.#settings = settings;
    this.#execution = execution;
    this.#store = store;
    this.#log = settings.log.child({ execution: execution.id, tag: execution.tag });
    this.#journal = join(execution.resultsDir, journalFileName);
    this.#ingester = new Ingester(
      { ingest: (id, batch) => this.#ingest(id, batch) },
      owner.id,
      this.#journal,
      owner.journalOffset,
      this.#log,
    );
  }

  get execution(): ExecutionRow {
    return this.#execution;
  }

  /** Resolves when the process is gone and its journal is taken in; with `undefined` after `detach`. Rejects when the database does; run another one then. */
  async run(): Promise<RunEnd | undefined> {
    try {
      const poll = setInterval(() => this.#poll(), pollMs);
      this.#timers.add(() => clearInterval(poll));
      const contact = setInterval(() => this.#giveSign(), contactIntervalMs(this.#settings.limits));
      this.#timers.add(() => clearInterval(contact));
      const failure = await this.#begin();
      if (failure) return failure;
      const end = this.#isDetached ? undefined : await Promise.race([this.#process?.gone, this.#detached.promise]);
      if (this.#isDetached || end === 'detached') return undefined;
      this.#processEnd = end ?? {};
      await this.#untilSettled();
      if (this.#isDetached) return undefined;
      await this.#ingester.pump();
      return this.#verdict();
    } finally {
      this.#close();
      await Promise.all(this.#background);
    }
  }

  /** Asks the process to end, then insists. Done once; later calls change nothing. */
  abort(wish: AbortWish): void {
    if (this.#abort || this.#isDetached) return;
    this.#abort = wish;
    this.#log.info('execution is aborted', { by: wish.by, reason: wish.reason });
    this.#startWanted.abort(new Error('aborted'));
    this.#sendAbort();
    const { abortGraceMs, killGraceMs } = this.#settings.limits;
    this.#after(abortGraceMs, () => this.#insist('SIGTERM', false));
    this.#after(abortGraceMs + killGraceMs, () => this.#insist('SIGKILL', true));
  }

  /** Lets the process go on without this dispatcher. */
  detach(): void {
    this.#isDetached = true;
    this.#detached.resolve('detached');
    this.#startWanted.abort(new Error('detached'));
    this.#close();
  }

  async #ingest(...args: Parameters<SchedulingStore['ingest']>): ReturnType<SchedulingStore['ingest']> {
    const { database, metrics } = this.#settings;
    const result = await database.scheduling.ingest(...args);
    if (result.applied) metrics.ingested(args[1].records.length, result.stale);
    return result;
  }

  /** Finds or starts the process. Gives the end where there is none any more. */
  async #begin(): Promise<RunEnd | undefined> {
    const { state, purpose } = this.#execution;
    const found = await this.#settings.executors.find(this.#execution);
    if (this.#isDetached) {
      found?.unwatch();
      return undefined;
    }
    if (found) return this.#watch(found);
    const hasBegun = state !== 'created' || (purpose !== 'gather' && journalSize(this.#journal) > 0);
    return hasBegun ? this.#verdictOfLost() : this.#start();
  }

  async #start(): Promise<RunEnd | undefined> {
    if (this.#abort) return this.#verdict();
    let started: AutoservProcess;
    try {
      await this.#store.prepare();
      this.#journalAtStart = journalSize(this.#journal);
      started = await this.#settings.executors.start(this.#execution, this.#startWanted.signal);
    } catch (error) {
      if (this.#isDetached) return undefined;
      // Called off before anything was started.
      if (error === this.#startWanted.signal.reason) return this.#verdict();
      const cause = startFailure(error);
      // Database or executor may be away for a moment; that is no fault of the execution. And perhaps it was started all the same.
      if (!cause) throw error;
      return { exitClass: 'infra', cause, needsGather: false };
    }
    this.#execution = await this.#store.started(started.pid, started.startTicks, started.externalId);
    this.#watch(started);
    const end = await Promise.race([started.gone, this.#detached.promise]);
    if (end === 'detached' || end.exitCode !== lockedExitCode) return undefined;
    // Perhaps an autoserv that an earlier dispatcher started has the results directory.
    const holder = await this.#settings.executors.find({ ...this.#execution, pid: 0 });
    return holder && this.#watch(holder);
  }

  async #verdictOfLost(): Promise<RunEnd> {
    await this.#ingester.pump();
    return this.#verdict();
  }

  #watch(process: AutoservProcess): undefined {
    this.#process?.unwatch();
    this.#process = process;
    let isGone = false;
    void process.gone.then(() => {
      isGone = true;
    });
    this.#connection?.close();
    this.#isConnected = false;
    this.#connection = keepConnected({
      socketPath: this.#execution.socketPath,
      isWanted: () => !isGone && !this.#isDetached,
      onMessage: (message) => this.#onMessage(message),
      onSilence: () => {
        this.#isConnected = false;
        process.look();
      },
      after: (ms, callback) => this.#after(ms, callback),
    });
    this.#sendAbort();
    if (this.#execution.state !== 'running') void process.running.then(() => this.#expectGreeting(process));
  }

  #expectGreeting(process: AutoservProcess): void {
    this.#after(this.#settings.limits.helloMs, () => {
      if (this.#hasGreeted || process !== this.#process) return;
      this.#log.warn('autoserv does not answer and is killed', { pid: process.pid, externalId: process.externalId });
      process.kill('SIGKILL', true);
    });
  }

  #onMessage(message: FromAutoserv): void {
    if (message.type === 'heartbeat') return;
    if (message.type === 'hello') {
      if (message.executionId !== this.#execution.id) return;
      this.#isConnected = true;
      this.#greet(message.pid);
      this.#giveSign();
      this.#sendAbort();
    }
    if (message.type === 'ended') {
      this.#lastWord = message;
      this.#after(lingerMs, () => this.#insist('SIGTERM', false));
    }
    this.#takeNews();
  }

  #greet(pid: number): void {
    this.#hasGreeted = true;
    this.#inBackground(this.#recordGreeting(pid), 'the start of an execution could not be written down');
  }

  /** Where it fails, the state catches up at the end of the process. */
  async #recordGreeting(pid: number): Promise<void> {
    if (this.#execution.state !== 'running') this.#execution = await this.#store.greeted(pid);
  }

  #poll(): void {
    this.#takeNews();
    const isElsewhere = this.#process?.externalId !== undefined && !this.#hasGreeted;
    if (!isElsewhere) return;
    if (journalSize(this.#journal) > this.#journalAtStart) this.#greet(0);
    // It may be about to begin, and waits for a sign.
    else this.#giveSign();
  }

  /**
   * Tells autoserv that it is not alone. Only while the other dispatchers know that this one lives: of one that is cut off from the database they count the time until its hosts are
   * given away, and so must its autoservs.
   */
  #giveSign(): void {
    if (this.#isDetached || !this.#settings.isMember()) return;
    if (this.#isConnected) this.#connection?.send({ type: 'ping' });
    else if (this.#process?.externalId !== undefined) this.#touchContact();
  }

  #touchContact(): void {
    try {
      touchContact(this.#execution.resultsDir);
    } catch (error) {
      this.#log.warn('autoserv could not be told that its dispatcher is there', { error });
    }
  }

  /** Takes in what the journal has more. Where it fails, the next news or poll tries again. */
  #takeNews(): void {
    if (this.#isDetached || !this.#ingester.isBehind) return;
    this.#inBackground(this.#ingester.pump(), 'taking in the journal failed');
  }

  /** What a process on another machine wrote last may come later than the news of its end. */
  async #untilSettled(): Promise<void> {
    if (this.#process?.externalId === undefined) return;
    const { clock } = this.#settings;
    const until = clock.monotonicMs() + settleMs;
    const isOnItsWay = (): boolean => journalSize(this.#journal) > 0 && !readEndRecord(this.#journal);
    while (!this.#isDetached && clock.monotonicMs() < until && isOnItsWay())
      await Promise.race([sleep(settleMs / 20, { clock }), this.#detached.promise]);
  }

  #inBackground(work: Promise<void>, failure: string): void {
    const done = work
      .catch((error: unknown) => {
        // Somebody else goes on with it: that is how it should be.
        if (error instanceof FencedError) this.#log.warn(failure, { reason: error.message });
        else this.#log.error(failure, { error });
      })
      .finally(() => this.#background.delete(done));
    this.#background.add(done);
  }

  #sendAbort(): void {
    const wish = this.#abort;
    if (!wish) return;
    if (this.#isConnected) this.#connection?.send({ type: 'abort', ...wish });
    else if (this.#process?.externalId !== undefined) this.#signalAbort(this.#process, wish);
  }

  /** For a process that waits for its turn, or to whose control socket there is no way. */
  #signalAbort(process: AutoservProcess, wish: AbortWish): void {
    try {
      writeFileAtomic(join(this.#execution.resultsDir, abortFileName), `${JSON.stringify(wish)}\n`);
    } catch (error) {
      this.#log.warn('who aborts could not be written down for autoserv', { error });
    }
    process.kill('SIGTERM');
  }

  #insist(signal: NodeJS.Signals, group: boolean): void {
    if (!this.#process) return;
    this.#log.warn('autoserv has not ended in time', { pid: this.#process.pid, signal });
    this.#process.kill(signal, group);
    if (signal === 'SIGTERM') this.#after(this.#settings.limits.killGraceMs, () => this.#insist('SIGKILL', true));
  }

  #verdict(): RunEnd {
    return verdictOfEnd({
      execution: this.#execution,
      end: readEndRecord(this.#journal),
      hasBegun: journalSize(this.#journal) > 0,
      lastWord: this.#lastWord,
      process: this.#processEnd,
      abort: this.#abort,
      wasAborted: this.#abort !== undefined || existsSync(join(this.#execution.resultsDir, abortFileName)),
    });
  }

  #after(ms: number, callback: () => void): () => void {
    if (this.#isDetached) return () => {};
    const end = this.#settings.clock.setTimeout(() => {
      this.#timers.delete(cancel);
      callback();
    }, ms);
    const cancel = (): void => {
      this.#timers.delete(cancel);
      end();
    };
    this.#timers.add(cancel);
    return cancel;
  }

  #close(): void {
    this.#isDetached = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#connection?.close();
    this.#process?.unwatch();
  }
}
