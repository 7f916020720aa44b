import TinyQueue from 'tinyqueue';
import type { EntryRow, JobRow } from '@autotest/core/db';
import type { Shares } from './shares.ts';

/** An entry in a queue. */
export interface Waiting {
  readonly entryId: number;
  readonly job: JobRow;
  readonly index: number;
  readonly named: boolean;
  /** No longer in the queue; it is dropped when it comes to the front. */
  isGone: boolean;
}

/** Where an entry stands: compared with `compareRanks`, the smaller goes first. */
export interface Rank {
  readonly priority: number;
  readonly usage: number;
  readonly named: boolean;
  readonly createdAt: number;
  readonly jobId: number;
  readonly index: number;
}

/** Priority, then fair share, then named hosts before hosts to choose, then age. */
export function compareRanks(a: Rank, b: Rank): number {
  return (
    b.priority - a.priority ||
    a.usage - b.usage ||
    Number(b.named) - Number(a.named) ||
    a.createdAt - b.createdAt ||
    a.jobId - b.jobId ||
    a.index - b.index
  );
}

export function rankOf({ job, named, index }: Waiting, usage: number): Rank {
  return { priority: job.priority, usage, named, createdAt: job.createdAt, jobId: job.id, index };
}

function byAge(a: Waiting, b: Waiting): number {
  return a.job.createdAt - b.job.createdAt || a.job.id - b.job.id || a.index - b.index;
}

/** Entries that ask for the same, by priority and account; within these, by age. Whose turn it is depends on what accounts hold, so it is asked, not stored. */
export class EntryQueue {
  readonly #byEntry = new Map<number, Waiting>();
  /** Priority to account to entries. */
  readonly #levels = new Map<number, Map<string, TinyQueue<Waiting>>>();
  /** Highest first. */
  #priorities: number[] = [];

  get size(): number {
    return this.#byEntry.size;
  }

  has(entryId: number): boolean {
    return this.#byEntry.has(entryId);
  }

  /** In no particular order. */
  entryIds(): Iterable<number> {
    return this.#byEntry.keys();
  }

  add(entry: EntryRow, job: JobRow): void {
    this.remove(entry.id);
    const waiting = { entryId: entry.id, job, index: entry.index, named: entry.named, isGone: false };
    this.#byEntry.set(entry.id, waiting);
    let level = this.#levels.get(job.priority);
    if (!level) {
      level = new Map();
      this.#levels.set(job.priority, level);
      this.#priorities = [...this.#levels.keys()].sort((a, b) => b - a);
    }
    const queue = level.get(job.account);
    if (queue) queue.push(waiting);
    else level.set(job.account, new TinyQueue([waiting], byAge));
  }

  remove(entryId: number): void {
    const waiting = this.#byEntry.get(entryId);
    if (!waiting) return;
    waiting.isGone = true;
    this.#byEntry.delete(entryId);
  }

  /**
   * Whose turn it is; accounts that may hold no more are passed over, where hosts are asked for.
   *
   * @param onLimit told of each account that is passed over
   */
  head(
    shares: Shares,
    wantsHost: boolean,
    onLimit: (account: string) => void,
  ): { waiting: Waiting; rank: Rank } | undefined {
    for (const priority of this.#priorities) {
      const level = this.#levels.get(priority);
      let best: { waiting: Waiting; rank: Rank } | undefined;
      for (const [account, queue] of level ?? []) {
        const first = firstOf(queue);
        if (!first) {
          level?.delete(account);
          continue;
        }
        if (wantsHost && shares.room(account) < 1) {
          onLimit(account);
          continue;
        }
        const rank = rankOf(first, shares.usage(account));
        if (!best || compareRanks(rank, best.rank) < 0) best = { waiting: first, rank };
      }
      if (best) return best;
      if (level?.size === 0) this.#dropLevel(priority);
    }
    return undefined;
  }

  #dropLevel(priority: number): void {
    this.#levels.delete(priority);
    this.#priorities = this.#priorities.filter((one) => one !== priority);
  }
}

/** The oldest entry that is still there. */
function firstOf(queue: TinyQueue<Waiting>): Waiting | undefined {
  for (let first = queue.peek(); first !== undefined; first = queue.peek()) {
    if (!first.isGone) return first;
    queue.pop();
  }
  return undefined;
}
