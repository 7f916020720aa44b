import type { DispatcherRow, Fence } from '@autotest/core/db';
import { DispatcherReplacedError } from '../errors.ts';
import type { Settings } from '../options.ts';
import { Liveness } from './liveness.ts';

const plannerRole = 'planner';

/**
 * A dispatcher among the others that share its database.
 *
 * Each has an epoch, which rises when a process takes its id and when somebody declares it dead; whatever it writes carries the epoch, and a stale one is refused. So one that was
 * paused, or cut off from the database, and comes back can do no harm: its first write, or its next heartbeat, tells it that it was declared dead, and it joins again.
 *
 * Who is dead: another one whose heartbeat has not moved for `deadMs` in the time of the one who judges; on the same machine at once, when its process is gone.
 *
 * One of them has the role of the planner. It lasts as long as that dispatcher's epoch; then another one takes it.
 */
export class Membership {
  readonly #settings: Settings;
  readonly #liveness: Liveness;
  readonly #startedAt: number;
  readonly #url: string | undefined;
  /** When others were first seen to be dead, in the time of this process. */
  readonly #diedAt = new Map<string, number>();
  #epoch: number | undefined;
  /** When the last sign of life was given that the database took, in the time of this process. */
  #acceptedAt = -Infinity;
  #role: { name: string; epoch: number } | undefined;

  /** @param url where results of this dispatcher are served */
  constructor(settings: Settings, url?: string) {
    this.#url = url;
    this.#settings = settings;
    this.#liveness = new Liveness(settings.dispatcherId, settings.limits.deadMs);
    this.#startedAt = settings.clock.now();
  }

  get isMember(): boolean {
    return this.#epoch !== undefined;
  }

  /** Whether no other dispatcher can have declared this one dead yet. */
  get isAccepted(): boolean {
    const { clock, limits } = this.#settings;
    return this.#epoch !== undefined && clock.monotonicMs() - this.#acceptedAt < limits.deadMs;
  }

  get fence(): Fence | undefined {
    return this.#epoch === undefined ? undefined : { dispatcherId: this.#settings.dispatcherId, epoch: this.#epoch };
  }

  get role(): Fence['role'] {
    return this.#role;
  }

  async join(): Promise<void> {
    const { database, dispatcherId, machine, limits, pools, onlyUsers, processes } = this.#settings;
    this.#role = undefined;
    const askedAt = this.#settings.clock.monotonicMs();
    this.#epoch = await database.scheduling.register({
      id: dispatcherId,
      machine,
      pid: processes.pid,
      startedAt: this.#startedAt,
      maxExecutions: limits.maxExecutions,
      pools,
      ...(onlyUsers && { onlyUsers }),
      ...(this.#url !== undefined && { url: this.#url }),
    });
    this.#acceptedAt = askedAt;
  }

  /**
   * Gives a sign of life, and looks for those of the others. Gives all dispatchers. Afterwards `isMember` says whether this one was declared dead.
   *
   * @throws DispatcherReplacedError when another process has this id by now
   */
  async beat(shortage: string | undefined): Promise<DispatcherRow[]> {
    const { database, dispatcherId, clock } = this.#settings;
    if (this.#epoch !== undefined) {
      const askedAt = clock.monotonicMs();
      const isAccepted = await database.scheduling.beat({
        id: dispatcherId,
        epoch: this.#epoch,
        ...(shortage !== undefined && { shortage }),
      });
      if (isAccepted) this.#acceptedAt = askedAt;
      else this.#epoch = undefined;
    }
    const dispatchers = await database.scheduling.dispatchers();
    const own = dispatchers.find(({ id }) => id === dispatcherId);
    if (this.#epoch === undefined && own && this.#isAnother(own)) throw new DispatcherReplacedError(dispatcherId);
    this.#liveness.observe(dispatchers, clock.monotonicMs());
    if (this.#epoch !== undefined) await this.#declareDead(dispatchers);
    this.#noteDeaths(dispatchers);
    return dispatchers;
  }

  /** Whether another process joined under this id, and may live. One that was killed may have asked to join before, and be heard late. */
  #isAnother({ machine, pid, startedAt }: DispatcherRow): boolean {
    const { processes, machine: own } = this.#settings;
    if (pid === processes.pid && startedAt === this.#startedAt) return false;
    return machine !== own || processes.startOf(pid) !== undefined;
  }

  isAlive(id: string, monotonicMs: number): boolean {
    return this.#liveness.isAlive(id, monotonicMs);
  }

  /** How long this one has known a dispatcher to be dead, ms. */
  deadMs(id: string): number {
    const nowMs = this.#settings.clock.monotonicMs();
    return nowMs - (this.#diedAt.get(id) ?? nowMs);
  }

  /** Takes the role of the planner where it is free; true while this one has it. */
  async seekPlanner(): Promise<boolean> {
    const fence = this.fence;
    if (!fence) return false;
    const { taken, role } = await this.#settings.database.scheduling.takeRole(plannerRole, fence);
    this.#role = taken ? { name: role.name, epoch: role.epoch } : undefined;
    return taken;
  }

  /** Stops being one of them; others go on at once. */
  async leave(): Promise<void> {
    const fence = this.fence;
    if (!fence) return;
    const { scheduling } = this.#settings.database;
    if (this.#role) await scheduling.resignRole(plannerRole, fence);
    await scheduling.leave({ id: fence.dispatcherId, epoch: fence.epoch });
    this.#epoch = undefined;
    this.#role = undefined;
  }

  /** What a dead dispatcher still writes is refused from now on, so that its role and its work can be taken over. */
  async #declareDead(dispatchers: readonly DispatcherRow[]): Promise<void> {
    const { database, dispatcherId, limits, log, processes } = this.#settings;
    for (const other of dispatchers) {
      if (other.id === dispatcherId || other.heartbeatAt === 0) continue;
      const silentMs = this.#liveness.silentMs(other.id, this.#settings.clock.monotonicMs());
      const isGone = other.machine === this.#settings.machine && processes.startOf(other.pid) === undefined;
      if ((silentMs < limits.deadMs && !isGone) || silentMs === Infinity) continue;
      if (await database.scheduling.declareDead(other))
        log.warn('a dispatcher is dead', { dispatcher: other.id, machine: other.machine, silentMs });
      this.#liveness.condemn(other.id);
    }
  }

  #noteDeaths(dispatchers: readonly DispatcherRow[]): void {
    const nowMs = this.#settings.clock.monotonicMs();
    for (const { id } of dispatchers) {
      if (this.isAlive(id, nowMs)) this.#diedAt.delete(id);
      else if (!this.#diedAt.has(id)) this.#diedAt.set(id, nowMs);
    }
  }
}
