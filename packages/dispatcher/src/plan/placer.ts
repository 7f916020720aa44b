import type { WaitReason } from '@autotest/core';
import TinyQueue from 'tinyqueue';
import { Change, type EntryRow, type HostRow, type IdSource, type JobRow } from '@autotest/core/db';
import type { Decision } from '../commit/decision.ts';
import { addTo } from '../world/multimap.ts';
import type { World } from '../world/world.ts';
import { assign, assignHostless } from './assign.ts';
import type { Crew } from './crew.ts';
import { groupSizeOf, mayUse, type Demand } from './demand.ts';
import type { Demands } from './demands.ts';
import { Earmarks } from './earmarks.ts';
import { compareRanks, type Rank, type Waiting } from './entry-queue.ts';
import { planGroup } from './group.ts';
import type { Shares } from './shares.ts';

/** A queue whose turn comes, by the rank that its first entry had when it was put here. */
interface Candidate {
  readonly demand: Demand;
  readonly rank: Rank;
}

/**
 * Gives free hosts to waiting entries, in their order over all queues.
 *
 * After a turn no free host fits a waiting entry that may have it. So only two things can make a new pair: a host that became free, or an entry that came; and a turn looks
 * at the queues that these touch, and at no others.
 */
export class Placer {
  readonly earmarks: Earmarks;
  /** Queues that have to be looked at. */
  readonly #touched = new Set<Demand>();
  /** Queues in which an account may hold no more. */
  readonly #limited = new Map<string, Set<Demand>>();
  /** Groups that lack more hosts than their account may take. */
  readonly #tooMany = new WeakMap<Demand, { readonly account: string; readonly count: number }>();
  /** Queues that wait for a dispatcher with room. */
  readonly #crowded = new Set<Demand>();
  /** Groups that wait until a dispatcher has room for all of their hosts: nobody of lower rank fills it up meanwhile. */
  readonly #awaited = new Map<Demand, { readonly dispatcherId: string; readonly rank: Rank }>();
  readonly #world: World;
  readonly #demands: Demands;
  readonly #shares: Shares;
  readonly #crew: Crew;
  readonly #onFailed: (key: string, error: unknown) => void;

  constructor(
    world: World,
    demands: Demands,
    shares: Shares,
    crew: Crew,
    onFailed: (key: string, error: unknown) => void,
  ) {
    this.#onFailed = onFailed;
    this.#world = world;
    this.#demands = demands;
    this.#shares = shares;
    this.#crew = crew;
    this.earmarks = new Earmarks(world);
  }

  get hasWork(): boolean {
    return this.#touched.size > 0;
  }

  isCrowded(demand: Demand): boolean {
    return this.#crowded.has(demand);
  }

  /** Why nobody's turn comes in a queue although hosts may be free; undefined: that is not what it waits for. */
  limitOf(demand: Demand): WaitReason | undefined {
    let reached: string | undefined;
    const head = demand.queue.head(this.#shares, demand.kind !== 'hostless', (account) => {
      reached ??= account;
    });
    const tooMany = this.#tooMany.get(demand);
    if (head && tooMany) return this.#excess(tooMany.account, tooMany.count);
    if (head || reached === undefined) return undefined;
    const held = this.#shares.held(reached);
    return {
      code: 'share',
      message: `${reached} holds ${held} ${held === 1 ? 'host' : 'hosts'}, as many as it may`,
      unblock: [`a job of ${reached} ends`, `autotest account set ${reached} --max-hosts ${held + 1}`],
    };
  }

  /** Undefined: the account may take so many by now. */
  #excess(account: string, count: number): WaitReason | undefined {
    const held = this.#shares.held(account);
    const room = this.#shares.room(account);
    if (room >= count) return undefined;
    return {
      code: 'share',
      message: `${account} holds ${held} ${held === 1 ? 'host' : 'hosts'} and may hold ${this.#world.accounts.get(account)?.maxHosts}, and ${count} start together`,
      unblock: [
        ...(held > 0 ? [`a job of ${account} ends`] : []),
        `autotest account set ${account} --max-hosts ${held + count}`,
      ],
    };
  }

  touch(demand: Demand): void {
    this.#touched.add(demand);
  }

  /** A host became free: whoever could use it has to be looked at. */
  touchHost(hostId: number): void {
    const home = this.#demands.classes.homeOf(hostId);
    if (home) for (const demand of this.#demands.servedBy(home, hostId)) this.#touched.add(demand);
  }

  /** An account holds one host less. */
  touchAccount(account: string): void {
    for (const demand of this.#limited.get(account) ?? []) this.#touched.add(demand);
    this.#limited.delete(account);
  }

  /** Some dispatcher has more room. */
  touchCrowded(): void {
    for (const demand of this.#crowded) this.#touched.add(demand);
    this.#crowded.clear();
  }

  /** A group wants no hosts any more: those kept for it are everybody's. */
  forget(demand: Demand): void {
    const hostIds = [...this.earmarks.hostsOf(demand)];
    this.earmarks.clear(demand);
    this.#awaitNobody(demand);
    for (const hostId of hostIds) this.touchHost(hostId);
  }

  /**
   * Places entries until nothing fits any more, or `limit` hosts were given; what is left then is gone on with next time. Each decision is taken as done in the world at once.
   *
   * @param settled gets each queue that nothing more can be done for, for now
   */
  turn(now: number, ids: IdSource, limit: number, settled: (demand: Demand) => void): Decision[] {
    const decisions: Decision[] = [];
    const candidates = new TinyQueue<Candidate>([], (a, b) => compareRanks(a.rank, b.rank));
    for (const demand of this.#touched) this.#enter(candidates, demand, settled);
    this.#touched.clear();
    let given = 0;
    for (let next = candidates.pop(); next !== undefined; next = candidates.pop()) {
      const { demand } = next;
      if (given >= limit) {
        this.#touched.add(demand);
        continue;
      }
      const head = this.#headOf(demand);
      if (!head) {
        settled(demand);
        continue;
      }
      // What was given meanwhile may have changed whose turn it is: usage only rises within a turn, so it can only be later.
      const second = candidates.peek();
      if (second && compareRanks(head.rank, second.rank) > 0) {
        candidates.push({ demand, rank: head.rank });
        continue;
      }
      const placed = this.#attempt(demand, head, now, ids);
      if (placed.length === 0) {
        settled(demand);
        continue;
      }
      for (const decision of placed) this.#world.begin(decision.change);
      for (const decision of placed) this.#note(decision.change);
      decisions.push(...placed);
      given += placed.reduce((sum, { change }) => sum + change.entries.size, 0);
      this.#enter(candidates, demand, settled);
    }
    return decisions;
  }

  #enter(candidates: TinyQueue<Candidate>, demand: Demand, settled: (demand: Demand) => void): void {
    const head = this.#headOf(demand);
    if (head) candidates.push({ demand, rank: head.rank });
    else settled(demand);
  }

  #headOf(demand: Demand): { waiting: Waiting; rank: Rank } | undefined {
    return demand.queue.head(this.#shares, demand.kind !== 'hostless', (account) => this.#limit(account, demand));
  }

  /** Has a queue looked at when the account holds less. */
  #limit(account: string, demand: Demand): void {
    addTo(this.#limited, account, demand);
  }

  /** An entry that cannot be placed without an error leaves its queue, so that those behind it are not held up. */
  #attempt(demand: Demand, head: { waiting: Waiting; rank: Rank }, now: number, ids: IdSource): Decision[] {
    try {
      return this.#place(demand, head, now, ids);
    } catch (error) {
      this.#onFailed(`entry:${head.waiting.entryId}`, error);
      return this.#passOver(demand, head.waiting.entryId);
    }
  }

  /** An entry that ended in this turn, or that cannot be placed: those behind it are looked at next. */
  #passOver(demand: Demand, entryId: number): Decision[] {
    this.#demands.remove(entryId);
    this.#touched.add(demand);
    return [];
  }

  #place(demand: Demand, head: { waiting: Waiting; rank: Rank }, now: number, ids: IdSource): Decision[] {
    const { waiting, rank } = head;
    const entry = this.#world.entries.get(waiting.entryId);
    const job = this.#world.jobs.get(waiting.job.id);
    if (!entry || !job) return this.#passOver(demand, waiting.entryId);
    if (demand.kind === 'group') return this.#placeGroup(demand, job, rank, now, ids);
    const host = demand.kind === 'hostless' ? undefined : this.#findHost(demand, entry, job, rank, now);
    if (demand.kind !== 'hostless' && !host) return [];
    const dispatcherId = this.#choose(demand, job, 1, rank);
    if (dispatcherId === undefined) return [];
    const change = new Change(now, ids);
    if (host) assign(change, this.#world, { entry, host, job, dispatcherId });
    else assignHostless(change, entry, dispatcherId);
    return [{ key: `entry:${entry.id}`, change }];
  }

  #placeGroup(demand: Demand, job: JobRow, rank: Rank, now: number, ids: IdSource): Decision[] {
    const size = groupSizeOf(job);
    const found = planGroup(this.#world, this.#demands, demand, job, this.earmarks, rank, now);
    if (!found.hosts) {
      this.#awaitNobody(demand);
      // Without enough hosts in sight, keeping some would only waste them.
      if (found.expectedAt === undefined) this.forget(demand);
      else this.#keep(demand, job, rank, found.kept, found.expectedAt, now);
      return [];
    }
    if (this.#shares.room(job.account) < found.hosts.length) {
      this.forget(demand);
      this.#limit(job.account, demand);
      this.#tooMany.set(demand, { account: job.account, count: found.hosts.length });
      return [];
    }
    this.#tooMany.delete(demand);
    const dispatcherId = found.dispatcherId ?? this.#choose(demand, job, size, rank);
    if (dispatcherId === undefined) {
      this.#keep(demand, job, rank, found.kept, Infinity, now);
      return [];
    }
    this.forget(demand);
    // One change: the hosts of a group are taken together or not at all.
    const change = new Change(now, ids);
    for (const { entry, host } of found.hosts) assign(change, this.#world, { entry, host, job, dispatcherId });
    return [{ key: `job:${job.id}`, change }];
  }

  #keep(demand: Demand, job: JobRow, rank: Rank, hostIds: readonly number[], expectedAt: number, now: number): void {
    const before = [...this.earmarks.hostsOf(demand)];
    const nextAt = this.earmarks.set(demand, rank, hostIds, expectedAt, now);
    this.#world.timers.set('jobs', job.id, nextAt);
    const kept = new Set(this.earmarks.hostsOf(demand));
    for (const hostId of before) if (!kept.has(hostId)) this.touchHost(hostId);
  }

  #choose(demand: Demand, job: JobRow, count: number, rank: Rank): string | undefined {
    const dispatcherId = this.#crew.choose(job, count, (id) => this.#isAwaited(id, demand, rank));
    if (dispatcherId !== undefined) {
      this.#crowded.delete(demand);
      return dispatcherId;
    }
    this.#crowded.add(demand);
    const likeliest = count > 1 ? this.#crew.likeliest(job) : undefined;
    if (likeliest !== undefined) this.#awaited.set(demand, { dispatcherId: likeliest, rank });
    return undefined;
  }

  #isAwaited(dispatcherId: string, demand: Demand, rank: Rank): boolean {
    for (const [group, awaited] of this.#awaited)
      if (group !== demand && awaited.dispatcherId === dispatcherId && compareRanks(rank, awaited.rank) > 0)
        return true;
    return false;
  }

  #awaitNobody(demand: Demand): void {
    if (this.#awaited.delete(demand)) this.touchCrowded();
  }

  #findHost(demand: Demand, entry: EntryRow, job: JobRow, rank: Rank, now: number): HostRow | undefined {
    if (demand.kind === 'named') {
      const host = this.#namedHost(demand, entry);
      return host && this.earmarks.allows(host.id, rank, job, now) ? host : undefined;
    }
    const { classes } = this.#demands;
    let lastResort: HostRow | undefined;
    // Whichever is smaller: the classes that fit, or those that have a free host.
    const isFew = classes.withFree.size < demand.classes.size;
    for (const home of isFew
      ? [...classes.withFree].sort((a, b) => a.labelList.length - b.labelList.length)
      : demand.classes) {
      if (home.freeCount === 0 || (isFew && !demand.classes.has(home))) continue;
      for (const hostId of home.free()) {
        if (!this.earmarks.allows(hostId, rank, job, now)) continue;
        const host = this.#world.hosts.get(hostId);
        if (!host) continue;
        if (!entry.triedHostIds.includes(hostId)) return host;
        lastResort ??= host;
      }
    }
    return lastResort;
  }

  /** A named host has to have what the job needs; labels that keep others away do not keep away who names it. A one-time host is for whoever names it. */
  #namedHost(demand: Demand, entry: EntryRow): HostRow | undefined {
    const host = entry.hostId === undefined ? undefined : this.#world.hosts.get(entry.hostId);
    const home = host && this.#demands.classes.homeOf(host.id);
    if (!host || home?.members.get(host.id) !== 'free') return undefined;
    if (host.oneTime) return host;
    return mayUse(home, demand.principal) && demand.requirement.holds(home.labels) ? host : undefined;
  }

  /** What a decision changes for the next one of this turn. */
  #note(change: Change): void {
    for (const { before, after } of change.entries.values()) {
      this.#demands.remove(before.id);
      this.#shares.update(after.id);
      this.#crew.update('entries', after.id);
    }
    for (const hostId of change.hosts.keys()) this.#demands.classes.update(hostId, this.#world, change.now);
  }
}
