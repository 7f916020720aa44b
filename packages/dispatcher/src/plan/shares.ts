import type { EntryState } from '@autotest/core';
import type { EntryRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';

/** States in which an entry has its host. */
const holding: ReadonlySet<EntryState> = new Set(['preparing', 'ready', 'starting', 'running', 'gathering']);

/**
 * Weighted fair share, as in other schedulers that divide machines (max-min fairness): whoever has the fewest hosts for its weight is served first. Counted are the
 * hosts that an account holds at this moment, not those of yesterday: nobody is made to wait for having used what nobody else wanted.
 */
export class Shares {
  readonly #held = new Map<string, number>();
  readonly #accountOf = new Map<number, string>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Brings the count up to date; gives the account that holds one host less than before. */
  update(entryId: number): string | undefined {
    const entry = this.#world.entries.get(entryId);
    const before = this.#accountOf.get(entryId);
    const after = entry && isHolding(entry) ? this.#world.jobs.get(entry.jobId)?.account : undefined;
    if (before === after) return undefined;
    // Given back only when that is written: it may be refused, and somebody else of the account would have its share.
    if (before !== undefined && this.#world.isUnderWay('entries', entryId)) return undefined;
    if (before !== undefined) this.#add(before, -1);
    if (after === undefined) this.#accountOf.delete(entryId);
    else {
      this.#accountOf.set(entryId, after);
      this.#add(after, 1);
    }
    return before;
  }

  held(account: string): number {
    return this.#held.get(account) ?? 0;
  }

  /** Hosts held for its weight: the smaller, the earlier its turn. */
  usage(account: string): number {
    const weight = this.#world.accounts.get(account)?.weight ?? 1;
    return this.held(account) / (weight > 0 ? weight : 1e-9);
  }

  /** Hosts that the account may still take; Infinity without a limit. */
  room(account: string): number {
    const max = this.#world.accounts.get(account)?.maxHosts;
    return max === undefined ? Infinity : Math.max(0, max - this.held(account));
  }

  #add(account: string, count: number): void {
    const held = this.held(account) + count;
    if (held > 0) this.#held.set(account, held);
    else this.#held.delete(account);
  }
}

function isHolding(entry: EntryRow): boolean {
  return !entry.hostless && holding.has(entry.state);
}
