import {
  FencedError,
  type Change,
  type Committed,
  type Fence,
  type RowIds,
  type SchedulingStore,
} from '@autotest/core/db';
import type { World } from '../world/world.ts';

/** Under which right a change is written: as any dispatcher, or as the planner. */
export type Right = 'dispatcher' | 'planner';

export interface CommitterOptions {
  readonly store: Pick<SchedulingStore, 'commit' | 'reload'>;
  readonly world: World;
  /** The fence of a right as it is now; undefined: this dispatcher does not have it any more. */
  readonly fence: (right: Right) => Fence | undefined;
  /** Told of each commit; without its events where the world does not know of them, as it was read anew meanwhile. */
  readonly onCommitted: (result: Committed, changes: readonly Change[], tookMs: number) => void;
  /** Called when it is not known what was written: everything has to be read again. */
  readonly onBroken: (error: unknown, changes: readonly Change[]) => void;
  readonly onFenced: (error: FencedError) => void;
  readonly monotonicMs: () => number;
}

interface Item {
  readonly change: Change;
  readonly right: Right;
  /** Of the world when it took the change as done. */
  readonly generation: number;
  readonly resolve: (isDone: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** Of more, the parts that a commit costs by itself are no less in all, and what comes meanwhile waits longer. */
const maxBatch = 100;

/**
 * Writes changes in groups: while one transaction runs, what comes meanwhile gathers for the next. So a single change is written at once, and under load a commit is
 * shared by hundreds. Changes keep their order, as later ones build on earlier ones that are not written yet.
 *
 * A change that lost its race: the rows that it knew are read again before its maker hears of it. An error of the database: nothing is known of what is in flight, so all of it
 * fails and `onBroken` says that the world has to be read anew.
 */
export class Committer {
  readonly #options: CommitterOptions;
  #queue: Item[] = [];
  #inFlight = 0;
  #running: Promise<void> | undefined;
  /** The transaction that runs, until its makers have heard of it. */
  #step: Promise<void> = Promise.resolve();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Changes that are not written yet. */
  get pending(): number {
    return this.#queue.length + this.#inFlight;
  }

  /**
   * Writes a change that the world has already taken as done. Resolves with false when somebody else was faster: then nothing of it is written.
   *
   * @throws FencedError, or what the database throws
   */
  write(change: Change, right: Right): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ change, right, generation: this.#options.world.generation, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when no more than `count` changes wait to be written. */
  async below(count: number): Promise<void> {
    while (this.pending > count) await this.#step;
  }

  /** Resolves when everything is written. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // What is decided in the same turn comes into the same transaction.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const [first] = this.#queue;
      const end = this.#queue.findIndex(({ right }, index) => right !== first?.right || index >= maxBatch);
      const batch = this.#queue.splice(0, end === -1 ? this.#queue.length : end);
      this.#inFlight = batch.length;
      this.#step = this.#take(batch, first?.right ?? 'dispatcher');
      await this.#step;
    }
    // In the same step in which the queue was seen empty: what comes next starts anew.
    this.#running = undefined;
  }

  async #take(batch: readonly Item[], right: Right): Promise<void> {
    await this.#commit(batch, right);
    this.#inFlight = 0;
    // SQLite answers without waiting: timers and sockets get their turn all the same.
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #commit(batch: readonly Item[], right: Right): Promise<void> {
    const { store, world, monotonicMs } = this.#options;
    try {
      const fence = this.#options.fence(right);
      if (!fence) throw new FencedError(right, 0);
      const startedMs = monotonicMs();
      const changes = batch.map(({ change }) => change);
      const result = await store.commit(changes, fence);
      const lost = batch.filter((_, index) => result.committed[index] !== true);
      const refused = lost.map(({ change }) => change);
      const rows = refused.length > 0 ? await store.reload(idsOf(refused)) : undefined;
      world.end(changes, refused, rows);
      world.takeProgress(result.jobs);
      const { events: _events, ...rest } = result;
      const isKnown = batch.every(({ generation }) => generation === world.generation);
      this.#options.onCommitted(isKnown ? result : rest, changes, monotonicMs() - startedMs);
      for (const [index, { resolve }] of batch.entries()) resolve(result.committed[index] === true);
    } catch (error) {
      const all = [...batch, ...this.#queue.splice(0)];
      const changes = all.map(({ change }) => change);
      // Nothing is begun for rows of which it is not known whether they exist.
      world.end(changes, changes);
      if (error instanceof FencedError) this.#options.onFenced(error);
      this.#options.onBroken(error, changes);
      for (const { reject } of all) reject(error);
    }
  }
}

/** Everything that changes touch. */
function idsOf(changes: readonly Change[]): RowIds {
  const all = (kind: 'entries' | 'hosts' | 'tasks' | 'executions') => [
    ...new Set(changes.flatMap((change) => [...change[kind].keys()])),
  ];
  const hosts = [...new Set([...all('hosts'), ...changes.flatMap(({ leases }) => [...leases.keys()])])];
  return {
    entries: all('entries'),
    hosts,
    tasks: [...all('tasks'), ...changes.flatMap(({ newTasks }) => newTasks.map(({ id }) => id))],
    executions: [...all('executions'), ...changes.flatMap(({ newExecutions }) => newExecutions.map(({ id }) => id))],
  };
}
