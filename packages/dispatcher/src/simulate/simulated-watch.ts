import type { ExecutionRow } from '@autotest/core/db';
import type { SimulatedProcess } from '@autotest/core/testing';
import type { DispatcherLimits } from '../options.ts';
import type { Watch } from '../run/executions.ts';
import type { AbortWish, RunEnd, SupervisionStore } from '../supervise/supervision.ts';
import type { Autoserv, Autoservs, AutoservWatcher } from './autoservs.ts';
import { Violation } from './violation.ts';

type WatchLimits = Pick<DispatcherLimits, 'helloMs' | 'abortGraceMs' | 'killGraceMs'>;

/** Watches a simulated autoserv as `Supervision` watches a real one: finds it by its execution, or starts it, and ends when the process is gone. */
export class SimulatedWatch implements Watch, AutoservWatcher {
  readonly #autoservs: Autoservs;
  readonly #process: SimulatedProcess;
  readonly #limits: WatchLimits;
  readonly #store: SupervisionStore;
  readonly #onViolation: (error: unknown) => void;
  readonly #hostIds: (execution: ExecutionRow) => Promise<readonly number[]>;
  readonly #over = Promise.withResolvers<'gone' | 'detached'>();
  #execution: ExecutionRow;
  #autoserv: Autoserv | undefined;
  #abort: AbortWish | undefined;
  #isDetached = false;
  #cancels: (() => void)[] = [];

  constructor(options: {
    autoservs: Autoservs;
    process: SimulatedProcess;
    limits: WatchLimits;
    execution: ExecutionRow;
    store: SupervisionStore;
    hostIds: (execution: ExecutionRow) => Promise<readonly number[]>;
    /** Told of what must not be: the dispatcher would take it for a failure like others and try again. */
    onViolation: (error: unknown) => void;
  }) {
    this.#onViolation = options.onViolation;
    this.#autoservs = options.autoservs;
    this.#process = options.process;
    this.#limits = options.limits;
    this.#execution = options.execution;
    this.#store = options.store;
    this.#hostIds = options.hostIds;
  }

  async run(): Promise<RunEnd | undefined> {
    try {
      const { id, state, purpose, resultsDir } = this.#execution;
      const running = this.#autoservs.find(id) ?? this.#autoservs.holderOf(resultsDir, this.#process.machine.name);
      if (running) this.#watch(running);
      else if (state !== 'created' || (purpose !== 'gather' && this.#autoservs.hasBegun(id))) return this.#verdict();
      else if (this.#abort) return this.#verdict();
      else {
        const hostIds = await this.#hostIds(this.#execution);
        const started = this.#autoservs.start(this.#execution, hostIds, this.#process.machine.name);
        this.#watch(started);
        this.#execution = await this.#store.started(started.pid, `${started.pid}`);
      }
      if (!this.#isDetached) await this.#over.promise;
      return this.#isDetached ? undefined : this.#verdict();
    } catch (error) {
      if (error instanceof Violation) this.#onViolation(error);
      throw error;
    } finally {
      this.#close();
    }
  }

  get isListening(): boolean {
    return this.#process.isAlive && !this.#process.isStopped;
  }

  abort(wish: AbortWish): void {
    if (this.#abort || this.#isDetached) return;
    this.#abort = wish;
    this.#sendAbort();
    this.#after(this.#limits.abortGraceMs + this.#limits.killGraceMs, () => {
      if (this.#autoserv) this.#autoservs.kill(this.#autoserv);
    });
  }

  detach(): void {
    this.#isDetached = true;
    this.#over.resolve('detached');
    this.#close();
  }

  onHello(): void {
    this.#process.deliver(() => {
      if (this.#isDetached || !this.#autoserv) return;
      this.#sendAbort();
      if (this.#execution.state !== 'running')
        this.#store.greeted(this.#autoserv.pid).then(
          (execution) => {
            this.#execution = execution;
          },
          // The state catches up at the end of the process.
          () => undefined,
        );
    });
  }

  onGone(): void {
    this.#process.deliver(() => this.#over.resolve('gone'));
  }

  #watch(autoserv: Autoserv): void {
    this.#autoserv = autoserv;
    autoserv.watchers.add(this);
    if (autoserv.hasGreeted) this.#after(20, () => this.onHello());
    else
      this.#after(this.#limits.helloMs, () => {
        if (!autoserv.hasGreeted) this.#autoservs.kill(autoserv);
      });
  }

  #sendAbort(): void {
    if (this.#abort && this.#autoserv?.hasGreeted) this.#autoservs.abort(this.#autoserv, this.#abort);
  }

  #verdict(): RunEnd {
    const { id, purpose } = this.#execution;
    const end = this.#autoservs.endOf(id);
    if (end) return { ...end, needsGather: false };
    const needsGather = purpose === 'job' && this.#autoservs.hasBegun(id);
    if (this.#abort) {
      const { reason, timedOut } = this.#abort;
      const cause = { code: timedOut ? 'AT_TIMED_OUT' : 'AT_ABORTED', message: reason };
      return { exitClass: timedOut ? 'timedOut' : 'aborted', cause, needsGather };
    }
    return { exitClass: 'lost', cause: { code: 'AT_AUTOSERV_LOST', message: 'autoserv was killed' }, needsGather };
  }

  #after(ms: number, callback: () => void): void {
    this.#cancels.push(this.#process.clock.setTimeout(callback, ms));
  }

  #close(): void {
    this.#isDetached = true;
    this.#autoserv?.watchers.delete(this);
    for (const cancel of this.#cancels.splice(0)) cancel();
  }
}
