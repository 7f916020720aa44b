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

/**
 * @param options.carrier `self`: the dispatcher carries out what it assigns, each execution passes at once. `other`: everything is given to another dispatcher, which only says that it
 *   lives: so that nothing is measured but assigning
 */
export async function startSimulatedLab(
  database: Database,
  dataDir: string,
  { carrier }: { carrier: 'self' | 'other' },
): Promise<SimulatedLab> {
  const counts = { assigned: 0, ended: 0 };
  const waiters = new Map<number, () => void>();
  const seen = new Set<number>();
  const startWatch: StartWatch = (execution, _owner, store) => {
    let isDetached = false;
    return {
      async run() {
        await store.greeted(process.pid);
        return isDetached ? undefined : { exitClass: 'clean', needsGather: false };
      },
      abort: () => {},
      detach: () => {
        isDetached = true;
      },
    };
  };
  const watched: Database = {
    ...database,
    scheduling: {
      ...database.scheduling,
      async commit(changes, fence) {
        const result = await database.scheduling.commit(changes, fence);
        for (const [index, change] of changes.entries()) {
          if (!result.committed[index]) continue;
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
  const other = carrier === 'other' ? await startOther(database) : undefined;
  const dispatcher = await startDispatcher({
    database: watched,
    dataDir,
    startWatch,
    dispatcherId: 'bench',
    limits: { maxExecutions: carrier === 'self' ? 1000 : 0, minFreeBytes: 0 },
  });
  return {
    dispatcher,
    counts,
    assigned: (jobId) =>
      seen.has(jobId) ? Promise.resolve() : new Promise((resolve) => void waiters.set(jobId, resolve)),
    async stop() {
      other?.stop();
      await dispatcher.stop();
    },
  };
}

/** A dispatcher that takes everything and does nothing about it. */
async function startOther(database: Database): Promise<{ stop(): void }> {
  const id = 'other';
  const epoch = await database.scheduling.register({
    id,
    machine: 'elsewhere',
    pid: 1,
    startedAt: Date.now(),
    maxExecutions: 1_000_000,
    pools: [],
  });
  const timer = setInterval(() => void database.scheduling.beat({ id, epoch }).catch(() => undefined), 2000);
  return { stop: () => clearInterval(timer) };
}
