import { Change, type EntryRow, type IdSource, type JobRow } from '@autotest/core/db';
import type { Decision } from '../commit/decision.ts';
import { drain, type Dirty } from '../world/dirty.ts';
import type { World } from '../world/world.ts';
import { Crew } from './crew.ts';
import { groupSizeOf, type Demand } from './demand.ts';
import { Demands } from './demands.ts';
import { Dependencies, type Awaited } from './dependencies.ts';
import { endEntry, requeue } from './ending.ts';
import { endingsOf, missingOf } from './endings.ts';
import { incompleteGroups } from './group.ts';
import { Placer } from './placer.ts';
import { planHostTask } from './host-tasks.ts';
import { Reasons } from './reasons.ts';
import { Shares } from './shares.ts';
import type { Wait } from './wait.ts';

export interface PlannerOptions {
  /** Whether a dispatcher gives signs of life. */
  readonly isAlive: (dispatcherId: string) => boolean;
  /** Whether a thing (`entry:7`, `host:3`) failed a moment ago and is left alone for a while. */
  readonly isPaused: (key: string) => boolean;
  /** A thing could not be planned: it is left alone for a while, the others go on. */
  readonly onFailed: (key: string, error: unknown) => void;
  /** How long an entry that is ready keeps its host while siblings are missing, ms. */
  readonly holdMs: number;
}

/** Most hosts that are given in one turn: what is decided is written before more is decided. */
const maxGiven = 100;

/**
 * Decides for the whole lab who gets which host, what ends without having run, and why the others wait. It looks at a world and at what changed in it since last time; it asks
 * nobody, so that what it decides depends on nothing else. One dispatcher at a time plans (the role `planner`); each carries out what it was given.
 *
 * A turn: 1. hosts find their class, entries their queue; 2. what nobody wants or can have ends; 3. free hosts are given away; 4. tasks that no entry asked for get a dispatcher;
 * 5. reasons of what is left are brought up to date.
 */
export class Planner {
  readonly #world: World;
  readonly #dirty: Dirty;
  readonly #options: PlannerOptions;
  readonly #demands: Demands;
  readonly #shares: Shares;
  readonly #crew: Crew;
  readonly #dependencies: Dependencies;
  readonly #placer: Placer;
  readonly #reasons: Reasons;
  /** Hosts at which a task may have to be begun. */
  readonly #tasked = new Set<number>();
  /** Hosts with a task to be given to a dispatcher that has room. */
  readonly #crowdedHosts = new Set<number>();
  /** Jobs that others wait for and of which nothing is known: to be read. */
  readonly wantedJobs = new Set<number>();

  constructor(world: World, options: PlannerOptions) {
    this.#world = world;
    this.#options = options;
    this.#demands = new Demands(world);
    this.#shares = new Shares(world);
    this.#crew = new Crew(world, options.isAlive);
    this.#dependencies = new Dependencies(world);
    this.#placer = new Placer(world, this.#demands, this.#shares, this.#crew, options.onFailed);
    this.#reasons = new Reasons(world, this.#demands, this.#crew, this.#placer);
    this.#dirty = world.observe();
  }

  get hasWork(): boolean {
    return !this.#dirty.isClean || this.#placer.hasWork;
  }

  /** Stops following the world; somebody else plans from now on. */
  end(): void {
    this.#world.unobserve(this.#dirty);
  }

  /** Takes how jobs stand that were wanted. */
  takeAwaited(jobs: ReadonlyMap<number, Awaited>): void {
    for (const [jobId, awaited] of jobs) {
      if (awaited.state === 'finished') this.wantedJobs.delete(jobId);
      for (const dependent of this.#dependencies.ended(jobId, awaited)) this.#dirty.jobs.add(dependent);
    }
  }

  /** Things that failed and are to be tried again: `entry:7`, `host:3`. */
  retry(keys: Iterable<string>): void {
    for (const key of keys) {
      const [kind, id] = key.split(':');
      if (kind === 'entry') this.#dirty.entries.add(Number(id));
      if (kind === 'host') this.#dirty.hosts.add(Number(id));
      if (kind === 'job') this.#dirty.jobs.add(Number(id));
    }
  }

  /** A dispatcher came to life, died, or has more room. */
  touchCrew(): void {
    this.#dirty.dispatchers = true;
  }

  /** @param now ms since the epoch; the world knows already what is due by then (see `World.tick`) */
  turn(now: number, ids: IdSource): Decision[] {
    const decisions: Decision[] = [];
    this.#takeRules();
    for (const hostId of drain(this.#dirty.hosts)) this.#updateHost(hostId, now);
    for (const owner of this.#demands.changedOwners) this.#sortIn(owner);
    this.#demands.changedOwners.clear();
    for (const entryId of drain(this.#dirty.entries)) decisions.push(...this.#updateEntry(entryId, now, ids));
    for (const taskId of drain(this.#dirty.tasks)) if (this.#crew.update('tasks', taskId)) this.#makeRoom();
    this.#dirty.executions.clear();
    for (const jobId of drain(this.#dirty.jobs)) decisions.push(...this.#reviewJob(jobId, now, ids));
    decisions.push(...this.#placer.turn(now, ids, maxGiven, (demand) => this.#reasons.touch(demand)));
    decisions.push(...this.#planHostTasks(now, ids));
    return decisions;
  }

  /** Reasons that changed, to be stored. Call when there is nothing more important to do. */
  waits(now: number): Wait[] {
    return this.#reasons.changed(now);
  }

  /** Rules change seldom; everything is looked at again then. */
  #takeRules(): void {
    if (this.#dirty.rules) {
      this.#dirty.rules = false;
      this.#demands.ownersMatter = [...this.#world.dispatchers.values()].some(
        ({ onlyUsers }) => onlyUsers !== undefined,
      );
      for (const demand of this.#demands.byKey.values())
        for (const entryId of demand.queue.entryIds()) {
          this.#leaveQueue(entryId);
          this.#dirty.entries.add(entryId);
        }
      for (const hostId of this.#world.hosts.keys()) this.#dirty.hosts.add(hostId);
      this.#dirty.dispatchers = true;
    }
    if (this.#dirty.dispatchers) {
      this.#dirty.dispatchers = false;
      this.#makeRoom();
    }
  }

  #makeRoom(): void {
    this.#placer.touchCrowded();
    for (const hostId of drain(this.#crowdedHosts)) this.#tasked.add(hostId);
  }

  #updateHost(hostId: number, now: number): void {
    const home = this.#demands.classes.update(hostId, this.#world, now);
    if (home) this.#placer.touchHost(hostId);
    this.#tasked.add(hostId);
    this.#reasons.touchHost(hostId);
  }

  /** People whose rights to reserved hosts changed ask anew. */
  #sortIn(owner: string): void {
    for (const demand of this.#demands.byKey.values())
      for (const entryId of demand.queue.entryIds()) {
        const entry = this.#world.entries.get(entryId);
        if (entry && this.#world.jobs.get(entry.jobId)?.owner === owner) this.#dirty.entries.add(entryId);
      }
  }

  #updateEntry(entryId: number, now: number, ids: IdSource): Decision[] {
    const entry = this.#world.entries.get(entryId);
    const freed = this.#shares.update(entryId);
    if (freed !== undefined) this.#placer.touchAccount(freed);
    if (this.#crew.update('entries', entryId)) this.#makeRoom();
    if (!entry) {
      this.#leaveQueue(entryId);
      return [];
    }
    const job = this.#world.jobs.get(entry.jobId);
    const problem = missingOf(entry, this.#world);
    if (!job || problem !== undefined) {
      this.#leaveQueue(entryId);
      this.#reasons.explain(entryId, { code: 'failed', message: problem ?? 'its job cannot be read' });
      return [];
    }
    if (entry.state !== 'queued') this.#leaveQueue(entryId);
    else this.#enqueue(entryId);
    // Of a group, the others have to be looked at, too.
    if (groupSizeOf(job) === 1) return this.#end(job, [entry], now, ids);
    this.#dirty.jobs.add(job.id);
    return [];
  }

  /** Ends those of these entries of a job that nobody wants or that can never run. */
  #end(job: JobRow, entries: readonly EntryRow[], now: number, ids: IdSource): Decision[] {
    const decisions: Decision[] = [];
    for (const [entry, ending] of endingsOf(job, entries, this.#dependencies, now)) {
      if (this.#options.isPaused(`entry:${entry.id}`)) continue;
      const key = `entry:${entry.id}`;
      const change = new Change(now, ids);
      if (this.#attempt(key, () => endEntry(change, this.#world, entry, ending)))
        decisions.push(this.#decide(key, change));
    }
    return decisions;
  }

  #enqueue(entryId: number): void {
    const entry = this.#world.entries.get(entryId);
    const job = entry && this.#world.jobs.get(entry.jobId);
    if (!entry || !job || entry.abortRequested || this.#options.isPaused(`entry:${entryId}`)) {
      this.#leaveQueue(entryId);
      return;
    }
    for (const jobId of this.#dependencies.note(job)) this.wantedJobs.add(jobId);
    const open = this.#dependencies.openOf(job);
    if (open.length > 0) {
      this.#leaveQueue(entryId);
      const message = `waits for job ${open.join(', ')} to end`;
      const unblock = open.map((id) => `job ${id} ends`);
      this.#reasons.explain(entryId, { code: 'dependency', message, unblock });
      return;
    }
    const before = this.#demands.demandOf(entryId);
    const demand = this.#demands.add(entry, job);
    if (before && before !== demand) this.#forgetEmpty(before);
    this.#placer.touch(demand);
  }

  #leaveQueue(entryId: number): void {
    const demand = this.#demands.remove(entryId);
    if (demand) this.#forgetEmpty(demand);
  }

  /** Nothing is kept for a group that is gone, or that asks in another queue by now. */
  #forgetEmpty(demand: Demand): void {
    if (demand.kind === 'group' && demand.queue.size === 0) this.#placer.forget(demand);
  }

  /** What of a job ends, or gives its hosts back. */
  #reviewJob(jobId: number, now: number, ids: IdSource): Decision[] {
    const job = this.#world.jobs.get(jobId);
    if (!job) {
      // Its end may be what others wait for.
      if ([...this.#dependencies.dependentsOf(jobId)].length > 0) this.wantedJobs.add(jobId);
      this.#dependencies.forget(jobId);
      return [];
    }
    const decisions = this.#end(job, this.#world.entriesOf(jobId), now, ids);
    for (const entry of this.#world.entriesOf(jobId)) {
      if (entry.state !== 'queued') continue;
      const demand = this.#demands.demandOf(entry.id);
      if (!demand) this.#enqueue(entry.id);
      else if (demand.kind === 'group') this.#placer.touch(demand);
    }
    decisions.push(...this.#giveBack(jobId, now, ids));
    return decisions;
  }

  /** Hosts are held for siblings that are missing only for so long: otherwise two jobs could wait for each other's hosts for ever. */
  #giveBack(jobId: number, now: number, ids: IdSource): Decision[] {
    const job = this.#world.jobs.get(jobId);
    if (!job || groupSizeOf(job) === 1) return [];
    const held = this.#world.entriesOf(jobId).filter(({ state }) => state === 'ready' || state === 'preparing');
    const waiting = incompleteGroups(this.#world, job, held).flat();
    if (waiting.length === 0) return [];
    const since = Math.min(...waiting.map(({ hostId }) => this.#world.leases.get(hostId ?? 0)?.takenAt ?? now));
    if (now - since < this.#options.holdMs) {
      this.#world.timers.set('jobs', jobId, since + this.#options.holdMs);
      return [];
    }
    const key = `job:${jobId}`;
    const change = new Change(now, ids);
    const isDone = this.#attempt(key, () => {
      for (const entry of waiting) requeue(change, this.#world, entry);
    });
    return isDone ? [this.#decide(key, change)] : [];
  }

  #planHostTasks(now: number, ids: IdSource): Decision[] {
    return drain(this.#tasked).flatMap((hostId) => {
      if (this.#options.isPaused(`host:${hostId}`)) return [];
      let planned: ReturnType<typeof planHostTask>;
      this.#attempt(`host:${hostId}`, () => {
        planned = planHostTask(this.#world, this.#crew, hostId, now, ids);
      });
      if (planned === undefined) return [];
      if (planned === 'crowded') {
        this.#crowdedHosts.add(hostId);
        return [];
      }
      const decision = this.#decide(`host:${hostId}`, planned);
      // The next one is given to whoever has the least to do then.
      for (const taskId of [...planned.tasks.keys(), ...planned.newTasks.map(({ id }) => id)])
        this.#crew.update('tasks', taskId);
      return decision;
    });
  }

  /** One thing that cannot be does not stop the others. False: it failed. */
  #attempt(key: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#options.onFailed(key, error);
      return false;
    }
  }

  #decide(key: string, change: Change): Decision {
    this.#world.begin(change);
    return { key, change };
  }
}
