import { join } from 'node:path';
import { journalFileName, type Cause, type ExitClass, type FromAutoserv, type Log } from '@autotest/core';
import type { ExecutionRow } from '@autotest/core/db';
import { isSameProcess } from '@autotest/core/node';
import { startFailure } from '../errors.ts';
import type { Settings } from '../options.ts';
import { type AutoservProcess, lockedExitCode, startAutoserv, watchProcess } from './autoserv-process.ts';
import { ControlConnection } from './control-connection.ts';
import { Ingester } from './ingester.ts';
import { journalSize, readEndRecord } from './journal-end.ts';
import { readLockHolder } from './lock-holder.ts';

/** How the process of an execution ended. */
export interface RunEnd {
  readonly exitClass: ExitClass;
  readonly cause?: Cause;
  /** The process broke off: what it had begun has to be collected and closed by somebody else. */
  readonly needsGather: boolean;
}

export interface AbortWish {
  readonly by: string;
  readonly reason: string;
  readonly timedOut: boolean;
}

/** What a supervision does to the database. */
export interface SupervisionStore {
  /** Makes the files with which autoserv starts. */
  prepare(): Promise<void>;
  /** created → starting */
  started(pid: number, startTicks: string | undefined): Promise<ExecutionRow>;
  /** → running, with the entries. The process itself knows its pid best. */
  greeted(pid: number): Promise<ExecutionRow>;
}

const reconnectDelayMs = 20;
const maxReconnectDelayMs = 1000;
const pollMs = 1000;
/** How long a process may stay after its last record. */
const lingerMs = 10_000;

/**
 * Watches over one execution from its start, or from wherever an earlier dispatcher left it, to the end of its process: starts autoserv, speaks with it over
 * its control socket, and takes its journal into the database as it grows.
 *
 * The end is the end of the process, nothing else: a socket that breaks is connected again, and the journal file says how it went. What
 * this object knows is not needed after a crash: pid, start time, socket path and offset are in the execution's row.
 *
 * A row in state `created` does not tell whether its process was started, as the dispatcher may have died between start and writing that down. autoserv takes a
 * lock in its results directory before anything else. A living holder of the lock is the process. Without one, a journal that has begun tells that it was there
 * and is gone; and without a journal it is started (again): of two that start, one gets the lock, and the other ends with code 3.
 */
export class Supervision {
  readonly #settings: Settings;
  readonly #store: SupervisionStore;
  readonly #log: Log;
  readonly #journal: string;
  readonly #ingester: Ingester;
  #execution: ExecutionRow;
  #process: AutoservProcess | undefined;
  #connection: ControlConnection | undefined;
  #hasGreeted = false;
  /** How it ended by its own account. */
  #lastWord: Extract<FromAutoserv, { type: 'ended' }> | undefined;
  #abort: AbortWish | undefined;
  #isDetached = false;
  readonly #timers = new Set<() => void>();
  readonly #background = new Set<Promise<void>>();
  readonly #detached = Promise.withResolvers<'detached'>();

  /** @param owner the execution under whose id the journal is ingested: for `gather` the one it collects for */
  constructor(settings: Settings, execution: ExecutionRow, owner: ExecutionRow, store: SupervisionStore) {
    this.#settings = settings;
    this.#execution = execution;
    this.#store = store;
    this.#log = settings.log.child({ execution: execution.id, tag: execution.tag });
    this.#journal = join(execution.resultsDir, journalFileName);
    this.#ingester = new Ingester(
      settings.database.scheduling,
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
      const poll = setInterval(() => this.#takeNews(), pollMs);
      this.#timers.add(() => clearInterval(poll));
      const failure = await this.#begin();
      if (failure) return failure;
      if (!this.#isDetached) await Promise.race([this.#process?.gone, this.#detached.promise]);
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
    this.#sendAbort();
    const { abortGraceMs, killGraceMs } = this.#settings.limits;
    this.#after(abortGraceMs, () => this.#insist('SIGTERM', false));
    this.#after(abortGraceMs + killGraceMs, () => this.#insist('SIGKILL', true));
  }

  /** Lets the process go on without this dispatcher. */
  detach(): void {
    this.#isDetached = true;
    this.#detached.resolve('detached');
    this.#close();
  }

  /** Finds or starts the process. Gives the end where there is none any more. */
  async #begin(): Promise<RunEnd | undefined> {
    const { state, pid, pidStartTicks, purpose, resultsDir } = this.#execution;
    const holder = readLockHolder(resultsDir);
    if (holder) return this.#watch(watchProcess(holder.pid, holder.startTicks));
    // A process that was started a moment ago may not have its lock yet.
    if (pid !== undefined && isSameProcess(pid, pidStartTicks)) return this.#watch(watchProcess(pid, pidStartTicks));
    const hasBegun = state !== 'created' || (purpose !== 'gather' && journalSize(this.#journal) > 0);
    return hasBegun ? this.#verdictOfLost() : this.#start();
  }

  async #start(): Promise<RunEnd | undefined> {
    if (this.#abort) return this.#verdict();
    let started: AutoservProcess;
    try {
      await this.#store.prepare();
      started = await startAutoserv(this.#settings, this.#execution.resultsDir);
    } catch (error) {
      const cause = startFailure(error);
      // The database may be away for a moment; that is no fault of the execution.
      if (!cause) throw error;
      return { exitClass: 'infra', cause, needsGather: false };
    }
    const exitCode = Promise.race([started.gone, this.#detached.promise]);
    this.#execution = await this.#store.started(started.pid, started.startTicks);
    this.#watch(started);
    if ((await exitCode) !== lockedExitCode) return undefined;
    // Perhaps an autoserv that an earlier dispatcher started has the results directory.
    const holder = readLockHolder(this.#execution.resultsDir);
    return holder && this.#watch(watchProcess(holder.pid, holder.startTicks));
  }

  async #verdictOfLost(): Promise<RunEnd> {
    await this.#ingester.pump();
    return this.#verdict();
  }

  #watch(process: AutoservProcess): undefined {
    this.#process?.unwatch();
    this.#process = process;
    this.#connectUntilGone(process);
  }

  #connectUntilGone(process: AutoservProcess): void {
    let isGone = false;
    void process.gone.then(() => {
      isGone = true;
    });
    this.#connect(() => !isGone);
    if (this.#execution.state === 'running') return;
    this.#after(this.#settings.limits.helloMs, () => {
      if (this.#hasGreeted) return;
      this.#log.warn('autoserv does not answer and is killed', { pid: process.pid });
      process.kill('SIGKILL', true);
    });
  }

  /** Keeps a connection to the control socket as long as `isWanted` says so. */
  #connect(isWanted: () => boolean, delayMs = reconnectDelayMs): void {
    if (this.#isDetached || !isWanted()) return;
    let hasAnswered = false;
    this.#connection = new ControlConnection(this.#execution.socketPath, {
      onMessage: (message) => {
        hasAnswered = true;
        this.#onMessage(message);
      },
      onClose: () => {
        this.#process?.look();
        const nextMs = hasAnswered ? reconnectDelayMs : Math.min(delayMs * 1.3, maxReconnectDelayMs);
        this.#after(delayMs, () => this.#connect(isWanted, nextMs));
      },
    });
  }

  #onMessage(message: FromAutoserv): void {
    if (message.type === 'heartbeat') return;
    if (message.type === 'hello') {
      if (message.executionId !== this.#execution.id) return;
      this.#hasGreeted = true;
      this.#inBackground(this.#recordGreeting(message.pid), 'the start of an execution could not be written down');
      this.#sendAbort();
    }
    if (message.type === 'ended') {
      this.#lastWord = message;
      this.#after(lingerMs, () => this.#insist('SIGTERM', false));
    }
    this.#takeNews();
  }

  /** Where it fails, the state catches up at the end of the process. */
  async #recordGreeting(pid: number): Promise<void> {
    if (this.#execution.state !== 'running') this.#execution = await this.#store.greeted(pid);
  }

  /** Takes in what the journal has more. Where it fails, the next news or poll tries again. */
  #takeNews(): void {
    if (this.#isDetached || !this.#ingester.isBehind) return;
    this.#inBackground(this.#ingester.pump(), 'taking in the journal failed');
  }

  #inBackground(work: Promise<void>, failure: string): void {
    const done = work
      .catch((error: unknown) => this.#log.error(failure, { error }))
      .finally(() => this.#background.delete(done));
    this.#background.add(done);
  }

  #sendAbort(): void {
    if (this.#abort && this.#hasGreeted) this.#connection?.send({ type: 'abort', ...this.#abort });
  }

  #insist(signal: NodeJS.Signals, group: boolean): void {
    if (!this.#process) return;
    this.#log.warn('autoserv has not ended in time', { pid: this.#process.pid, signal });
    this.#process.kill(signal, group);
    if (signal === 'SIGTERM') this.#after(this.#settings.limits.killGraceMs, () => this.#insist('SIGKILL', true));
  }

  #verdict(): RunEnd {
    const end = readEndRecord(this.#journal);
    if (end) return { exitClass: end.exitClass, ...(end.cause && { cause: end.cause }), needsGather: false };
    const where = join(this.#execution.resultsDir, 'debug', 'autoserv.log');
    if (this.#lastWord) {
      const message = `autoserv could not write its last record; the disk of the results may be full; see ${where}`;
      const { exitClass, cause = { code: 'AT_RESULTS_INCOMPLETE', message } } = this.#lastWord;
      return { exitClass, cause, needsGather: false };
    }
    const hasBegun = journalSize(this.#journal) > 0;
    const needsGather = this.#execution.purpose === 'job' && hasBegun;
    if (this.#abort) {
      const { by, reason, timedOut } = this.#abort;
      const cause = timedOut
        ? { code: 'AT_TIMED_OUT', message: reason }
        : { code: 'AT_ABORTED', message: `${by} aborted it: ${reason}` };
      return { exitClass: timedOut ? 'timedOut' : 'aborted', cause, needsGather };
    }
    const message = hasBegun
      ? `autoserv ended without its last record: it was killed or crashed; see ${where}`
      : `autoserv ended before it began; see ${where}`;
    return { exitClass: 'lost', cause: { code: 'AT_AUTOSERV_LOST', message }, needsGather };
  }

  #after(ms: number, callback: () => void): void {
    if (this.#isDetached) return;
    const cancel = this.#settings.clock.setTimeout(() => {
      this.#timers.delete(cancel);
      callback();
    }, ms);
    this.#timers.add(cancel);
  }

  #close(): void {
    this.#isDetached = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#connection?.close();
    this.#process?.unwatch();
  }
}
