import { join } from 'node:path';
import { specFileName } from '@autotest/core';
import { isSameProcess } from '@autotest/core/node';
import type { Settings } from '../../options.ts';
import type { AutoservProcess, ExecutionKey, Executor } from '../executor.ts';
import { startAutoserv } from './fresh.ts';
import { readLockHolder } from './lock-holder.ts';
import { watchProcess } from './processes.ts';
import { WarmPool, type WarmLimits } from './warm-pool.ts';

export type LocalSettings = Pick<Settings, 'nodePath' | 'autoservPath' | 'compileCacheDir' | 'log'>;

/**
 * Carries executions out by children of this process. Where one waits that was started ahead, it gets the execution: that saves the time to start Node and load
 * autoserv. Otherwise, and whenever anything is odd about the one that waits, a fresh one is started.
 *
 * A process is found again by the lock that it holds in its results directory, or by pid and start time where it does not have that yet.
 */
export class LocalExecutor implements Executor {
  readonly name = 'local';
  readonly #settings: LocalSettings;
  readonly #pool: WarmPool;

  constructor(settings: LocalSettings, warm: WarmLimits) {
    this.#settings = settings;
    this.#pool = new WarmPool(settings, warm);
  }

  open(): void {
    this.#pool.fill();
  }

  async start({ resultsDir }: ExecutionKey, signal: AbortSignal): Promise<AutoservProcess> {
    signal.throwIfAborted();
    const ready = await this.#pool.hand(join(resultsDir, specFileName));
    return ready ?? startAutoserv(this.#settings, resultsDir);
  }

  async find({ resultsDir, pid, pidStartTicks }: ExecutionKey): Promise<AutoservProcess | undefined> {
    const holder = readLockHolder(resultsDir);
    if (holder) return watchProcess(holder.pid, holder.startTicks);
    // A process that was started a moment ago may not have its lock yet.
    if (pid !== undefined && pid > 1 && isSameProcess(pid, pidStartTicks)) return watchProcess(pid, pidStartTicks);
    return undefined;
  }

  trouble(): undefined {
    return undefined;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
