import { ExecutionStartError } from '../errors.ts';
import type { Settings } from '../options.ts';
import {
  executorNames,
  type AutoservProcess,
  type ExecutionKey,
  type Executor,
  type ExecutorName,
} from './executor.ts';
import { LocalExecutor } from './local/local-executor.ts';
import { SlurmExecutor } from './slurm/slurm-executor.ts';
import { StartLimit } from './start-limit.ts';

/**
 * The executors of a dispatcher. New executions are given to one of them when they are made; what stands in their rows is carried out by the executor named there, so the
 * dispatcher may be told to use another one at any time.
 */
export class Executors {
  /** What new executions are to be given to: goes to their rows. */
  readonly name: ExecutorName;
  readonly #all: Readonly<Record<ExecutorName, Executor>>;
  readonly #limit: StartLimit;

  constructor(settings: Omit<Settings, 'executors'>) {
    const { executor, warm, slurm, maxStartsPerSecond } = settings.execution;
    this.name = executor;
    this.#all = { local: new LocalExecutor(settings, warm), slurm: new SlurmExecutor(settings, slurm) };
    this.#limit = new StartLimit(maxStartsPerSecond, settings.clock);
  }

  /** Gets ready for starts. */
  open(): void {
    this.#all[this.name].open();
  }

  /** Starts as soon as the limit of starts lets it. See `Executor.start`. */
  async start(execution: ExecutionKey, signal: AbortSignal): Promise<AutoservProcess> {
    const executor = this.#of(execution);
    await this.#limit.pass(signal);
    return executor.start(execution, signal);
  }

  /** See `Executor.find`. */
  async find(execution: ExecutionKey): Promise<AutoservProcess | undefined> {
    return this.#of(execution).find(execution);
  }

  /** What keeps new executions from starting now; undefined where nothing does. */
  trouble(): string | undefined {
    return this.#all[this.name].trouble();
  }

  /** Lets what runs go on. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#all).map((executor) => executor.close()));
  }

  #of({ executor, resultsDir }: ExecutionKey): Executor {
    const known = executorNames.find((name) => name === executor);
    if (!known) throw new ExecutionStartError(resultsDir, `the executor '${executor}' is not known to this version`);
    return this.#all[known];
  }
}
