import type { DispatcherRow, JobRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';

/** What is asked of a dispatcher. */
export type Work = Pick<JobRow, 'owner' | 'pool'>;

/**
 * The dispatchers and how much each has to do. Counted are entries from their assignment to their end, and special tasks that belong to none: as many processes as they may need
 * at once.
 */
export class Crew {
  readonly #world: World;
  readonly #isAlive: (id: string) => boolean;
  readonly #load = new Map<string, number>();
  readonly #carrierOf = new Map<string, string>();

  constructor(world: World, isAlive: (id: string) => boolean) {
    this.#world = world;
    this.#isAlive = isAlive;
  }

  loadOf(dispatcherId: string): number {
    return this.#load.get(dispatcherId) ?? 0;
  }

  /** Brings the count up to date; true when somebody has less to do than before. */
  update(kind: 'entries' | 'tasks', id: number): boolean {
    const key = `${kind}:${id}`;
    const before = this.#carrierOf.get(key);
    const after = kind === 'entries' ? this.#carrierOfEntry(id) : this.#carrierOfTask(id);
    if (before === after) return false;
    if (before !== undefined) this.#load.set(before, this.loadOf(before) - 1);
    if (after === undefined) this.#carrierOf.delete(key);
    else {
      this.#carrierOf.set(key, after);
      this.#load.set(after, this.loadOf(after) + 1);
    }
    return before !== undefined;
  }

  /**
   * The dispatcher with the least to do for its size that has room for `count` more; the larger one at equal load. More than a dispatcher may have at all go to one that has
   * nothing to do. undefined: nobody has room.
   *
   * @param isKept whether a dispatcher's room is kept for somebody else
   */
  choose(work: Work, count: number, isKept: (id: string) => boolean = () => false): string | undefined {
    let best: { id: string; load: number; max: number } | undefined;
    for (const dispatcher of this.#world.dispatchers.values()) {
      const { id, maxExecutions: max } = dispatcher;
      if (!this.#isAlive(id) || !isOpen(dispatcher) || !takes(dispatcher, work) || isKept(id)) continue;
      const load = this.loadOf(id);
      if (load > 0 && load + count > max) continue;
      const relative = load / Math.max(1, max);
      if (!best || relative < best.load || (relative === best.load && max > best.max))
        best = { id, load: relative, max };
    }
    return best?.id;
  }

  /** The dispatcher that is likely to have room for many first: the one with the least to do for its size. */
  likeliest(work: Work): string | undefined {
    const able = [...this.#world.dispatchers.values()].filter(
      (one) => this.#isAlive(one.id) && isOpen(one) && takes(one, work),
    );
    const relative = ({ id, maxExecutions }: DispatcherRow): number => this.loadOf(id) / Math.max(1, maxExecutions);
    return able.sort((a, b) => relative(a) - relative(b) || b.maxExecutions - a.maxExecutions)[0]?.id;
  }

  /** Whether everybody who could take this is short of something. */
  isShort(work: Work): boolean {
    const able = [...this.#world.dispatchers.values()].filter((one) => this.#isAlive(one.id) && takes(one, work));
    return able.length > 0 && able.every(({ shortage }) => shortage !== undefined);
  }

  /** Why nobody can take this now, for people. */
  explain(work: Work): { message: string; unblock: string[] } {
    const all = [...this.#world.dispatchers.values()];
    const alive = all.filter(({ id }) => this.#isAlive(id));
    if (alive.length === 0)
      return { message: 'no dispatcher is running', unblock: ['start a dispatcher: autotest dispatcher'] };
    const allowed = alive.filter((one) => takes(one, work));
    if (allowed.length === 0) {
      const where = work.pool === undefined ? `for jobs of ${work.owner}` : `of the pool ${work.pool}`;
      return { message: `no running dispatcher is ${where}`, unblock: [`start a dispatcher ${where}`] };
    }
    const short =
      allowed.filter(isOpen).length === 0 ? allowed.find(({ shortage }) => shortage !== undefined) : undefined;
    if (short?.shortage !== undefined) return { message: short.shortage, unblock: [`help the dispatcher ${short.id}`] };
    if (allowed.every(({ draining }) => draining))
      return {
        message: 'all dispatchers are draining: they finish what they have and take nothing new',
        unblock: allowed.map(({ id }) => `autotest dispatcher undrain ${id}`),
      };
    const max = allowed.filter(isOpen).reduce((sum, { maxExecutions }) => sum + maxExecutions, 0);
    return {
      message: `${max} executions run already, as many as ${allowed.length === 1 ? 'the dispatcher' : 'the dispatchers'} may start`,
      unblock: ['an execution ends', 'a dispatcher is added'],
    };
  }

  #carrierOfEntry(id: number): string | undefined {
    return this.#world.entries.get(id)?.dispatcherId;
  }

  #carrierOfTask(id: number): string | undefined {
    const task = this.#world.tasks.get(id);
    // Tasks for an entry are part of what the entry needs.
    return task?.entryId === undefined ? task?.dispatcherId : undefined;
  }
}

function isOpen({ draining, shortage }: DispatcherRow): boolean {
  return !draining && shortage === undefined;
}

function takes({ pools, onlyUsers }: DispatcherRow, { owner, pool }: Work): boolean {
  return (pool === undefined || pools.includes(pool)) && (onlyUsers === undefined || onlyUsers.includes(owner));
}
