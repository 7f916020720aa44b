import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { specFileName } from '@autotest/core';
import { ExecutionStartError, ExecutorUnavailableError } from '../../errors.ts';
import type { Settings } from '../../options.ts';
import { cleanEnvironment } from '../environment.ts';
import type { AutoservProcess, ExecutionKey, Executor } from '../executor.ts';
import { SlurmCommands, type SlurmJob } from './commands.ts';
import { SlurmQueue } from './queue.ts';
import { phaseOf } from './states.ts';

export interface SlurmLimits {
  readonly partition: string | undefined;
  readonly account: string | undefined;
  /** Further options of sbatch. */
  readonly options: readonly string[];
  readonly confFile: string | undefined;
  readonly pollMs: number;
}

type SlurmSettings = Pick<Settings, 'nodePath' | 'autoservPath' | 'compileCacheDir' | 'dispatcherId' | 'clock' | 'log'>;

/**
 * Carries executions out as batch jobs of a Slurm that is there already: one job an execution, whose program is autoserv. The data directory must be shared with its
 * nodes under the same path.
 *
 * The name of the job is made from the execution before it is submitted. So a submission of which nobody knows whether it came through (killed dispatcher,
 * answer lost) is found by that name, and none is made twice.
 */
export class SlurmExecutor implements Executor {
  readonly name = 'slurm';
  readonly #settings: SlurmSettings;
  readonly #slurm: SlurmLimits;
  readonly #commands: SlurmCommands;
  readonly #queue: SlurmQueue;

  constructor(settings: SlurmSettings, slurm: SlurmLimits) {
    this.#settings = settings;
    this.#slurm = slurm;
    this.#commands = new SlurmCommands(slurm.confFile);
    this.#queue = new SlurmQueue(this.#commands, { clock: settings.clock, log: settings.log, pollMs: slurm.pollMs });
  }

  open(): void {}

  async start(execution: ExecutionKey, signal: AbortSignal): Promise<AutoservProcess> {
    const { resultsDir, id } = execution;
    const { nodePath, autoservPath, dispatcherId } = this.#settings;
    const { partition, account, options } = this.#slurm;
    signal.throwIfAborted();
    try {
      await mkdir(join(resultsDir, 'debug'), { recursive: true });
      const slurmId = await this.#commands.submit({
        name: jobName(execution),
        comment: `autotest execution ${id} of ${dispatcherId}`,
        directory: resultsDir,
        logFile: join(resultsDir, 'debug', 'autoserv.log'),
        options: [
          ...(partition === undefined ? [] : [`--partition=${partition}`]),
          ...(account === undefined ? [] : [`--account=${account}`]),
          ...options,
        ],
        env: cleanEnvironment(this.#settings),
        command: [nodePath, autoservPath, '--spec', join(resultsDir, specFileName)],
      });
      return this.#queue.watch(slurmId);
    } catch (error) {
      if (error instanceof ExecutorUnavailableError) throw error;
      throw new ExecutionStartError(resultsDir, error);
    }
  }

  async find(execution: ExecutionKey): Promise<AutoservProcess | undefined> {
    // Followed even while Slurm does not answer.
    if (execution.externalId !== undefined) return this.#queue.watch(execution.externalId);
    const wanted = jobName(execution);
    const found = (await this.#queue.look()).filter(({ name }) => name === wanted);
    const job = found.toSorted(byAge).find(({ state }) => phaseOf(state) !== 'over') ?? found[0];
    return job && this.#queue.watch(job.id);
  }

  trouble(): string | undefined {
    return this.#queue.trouble;
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}

/** The same for the same execution, and for no other one: its socket's name was drawn by lot. */
function jobName({ id, socketPath }: ExecutionKey): string {
  return `autotest-${id}-${basename(socketPath, '.sock')}`;
}

function byAge(a: SlurmJob, b: SlurmJob): number {
  return Number(a.id) - Number(b.id);
}
