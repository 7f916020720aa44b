import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@autotest/core/db';
import { startDispatcher, type Dispatcher, type StartWatch } from '@autotest/dispatcher';

/** A dispatcher whose executions do not start processes: they run for `runMs` and pass. */
export interface SimulatedLab {
  readonly dispatcher: Dispatcher;
  /** Entries that were given a host, and ones that ended, as far as it is committed. */
  readonly counts: { assigned: number; ended: number };
  /** Resolves when this job's first entry is assigned and written. */
  assigned(jobId: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startSimulatedLab(
  database: Database,
  dataDir: string,
  options: { runMs: number; maxExecutions?: number },
): Promise<SimulatedLab> {
  const counts = { assigned: 0, ended: 0 };
  const waiters = new Map<number, () => void>();
  const seen = new Set<number>();
  const startWatch: StartWatch = (execution, _owner, store) => {
    const stop = new AbortController();
    return {
      async run() {
        await store.greeted(process.pid);
        if (options.runMs > 0)
          await delay(options.runMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
        return stop.signal.aborted ? undefined : { exitClass: 'clean', needsGather: false };
      },
      abort: () => {},
      detach: () => stop.abort(),
    };
  };
  const watched: Database = {
    ...database,
    scheduling: {
      ...database.scheduling,
      async commit(changes, fence) {
        const result = await database.scheduling.commit(changes, fence);
        for (const [index, change] of changes.entries()) {
          if (result.committed[index] !== true) continue;
          for (const { before, after } of change.entries.values()) {
            if (before.state === 'queued' && after.state !== 'queued' && after.state !== 'finished') {
              counts.assigned++;
              seen.add(after.jobId);
              waiters.get(after.jobId)?.();
            }
            if (after.state === 'finished') counts.ended++;
          }
        }
        return result;
      },
    },
  };
  const dispatcher = await startDispatcher({
    database: watched,
    dataDir,
    startWatch,
    dispatcherId: 'bench',
    limits: { maxExecutions: options.maxExecutions ?? 1_000_000, minFreeBytes: 0 },
  });
  return {
    dispatcher,
    counts,
    assigned: (jobId) =>
      seen.has(jobId) ? Promise.resolve() : new Promise((resolve) => void waiters.set(jobId, resolve)),
    stop: () => dispatcher.stop(),
  };
}
