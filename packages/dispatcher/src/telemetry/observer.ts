import { messageOf } from '@autotest/core';
import { FencedError, type Change, type Committed } from '@autotest/core/db';
import type { Settings } from '../options.ts';
import type { World } from '../world/world.ts';
import { decisionsIn, type DecisionOutcome } from './decisions.ts';
import { EndedEntries } from './ended-entries.ts';

/** How long the loop may be silent until it counts as stuck. */
const loopMs = 60_000;

/**
 * Tells metrics, health and spans what a dispatcher does. Most of it is read from the changes that it commits, wherever they were made: what that costs depends on what happens,
 * not on how much there is. What is counted over everything is counted when somebody is given a sign of life.
 */
export class Observer {
  readonly #settings: Settings;
  readonly #world: World;
  readonly #endedEntries: EndedEntries | undefined;
  /** Damage that was told of. */
  readonly #damaged = new Set<string>();

  constructor(settings: Settings, world: World) {
    this.#settings = settings;
    this.#world = world;
    this.#endedEntries = settings.tracing?.on ? new EndedEntries(settings, settings.tracing) : undefined;
  }

  /** A transaction ended. */
  committed(changes: readonly Change[], { committed }: Committed, tookMs: number): void {
    const { metrics } = this.#settings;
    metrics.committed(changes.length, tookMs);
    for (const [index, change] of changes.entries()) {
      if (committed[index] === true) this.#happened(change);
      else metrics.lostRace();
      this.#decided(change, committed[index] === true ? 'applied' : 'lostRace');
    }
  }

  /** A transaction, and all that waited behind it, was not written. */
  refused(changes: readonly Change[], error: unknown): void {
    const { metrics } = this.#settings;
    const isFenced = error instanceof FencedError;
    if (isFenced) metrics.fenced();
    else this.failed('commit', error);
    for (const change of changes) this.#decided(change, isFenced ? 'fenced' : 'failed');
  }

  /** The planner looked at what changed. */
  planned(tookMs: number): void {
    this.#settings.metrics.planned(tookMs);
  }

  /** So many entries were told why they wait. */
  waits(count: number): void {
    this.#settings.metrics.decided('wait', 'applied', count);
  }

  /** A turn of the loop ended well. */
  turned(): void {
    const { health } = this.#settings;
    health.beat('loop', loopMs);
    health.report('queue', { ok: true });
    health.report('database', { ok: true });
    this.#tellDamage();
  }

  /** @param doing what failed: a fixed word */
  failed(doing: 'turn' | 'commit' | 'heartbeat' | 'reasons', error: unknown): void {
    const { health, metrics } = this.#settings;
    if (error instanceof FencedError) metrics.fenced();
    else metrics.databaseError(doing);
    health.report(doing === 'turn' ? 'queue' : 'database', { ok: false, message: messageOf(error) });
    if (doing === 'turn') health.beat('loop', loopMs);
  }

  /** A sign of life was given. @param running executions of this dispatcher that have a place */
  beat({ isPlanner, running }: { readonly isPlanner: boolean; readonly running: number }): void {
    const { health, metrics } = this.#settings;
    health.beat('heartbeat', loopMs);
    metrics.role('planner', isPlanner);
    metrics.running(running);
    metrics.queue(countBy(this.#world.entries.values()));
    metrics.hosts(countBy(this.#world.hosts.values()));
  }

  /** This dispatcher was declared dead, or another process is it by now. */
  lostRole(): void {
    this.#settings.metrics.role('planner', false);
  }

  /** Resolves when the spans of what has ended are written. */
  async idle(): Promise<void> {
    await this.#endedEntries?.idle();
  }

  #decided(change: Change, outcome: DecisionOutcome): void {
    for (const [decision, count] of decisionsIn(change)) this.#settings.metrics.decided(decision, outcome, count);
  }

  #happened(change: Change): void {
    const { metrics } = this.#settings;
    for (const { before, after } of change.entries.values()) {
      if (before.state === 'queued' && after.state === 'preparing') metrics.assigned(1, change.now - after.queuedAt);
      if (after.state === 'finished') metrics.entryEnded(after.outcome ?? 'error', after.cause?.code);
    }
    for (const { before, after } of change.executions.values()) {
      const hasEnded = (state: string): boolean => state === 'ended' || state === 'ingested';
      if (hasEnded(after.state) && !hasEnded(before.state))
        metrics.executionEnded(after.purpose, after.exitClass ?? 'lost');
    }
    for (const { after } of change.tasks.values())
      if (after.state === 'finished')
        metrics.taskEnded(after.kind, after.outcome ?? 'lost', change.now - (after.startedAt ?? change.now));
    this.#started(change);
    this.#endedEntries?.note(change);
  }

  /** Entries run now: those of one execution, which start together. */
  #started(change: Change): void {
    const entry = [...change.entries.values()].find(
      ({ before, after }) => before.state === 'starting' && after.state === 'running',
    )?.after;
    const lease = entry?.hostId === undefined ? undefined : this.#world.leases.get(entry.hostId);
    if (lease) this.#settings.metrics.started(change.now - lease.takenAt);
  }

  /** What the world leaves out, and what it could read again. Most of the time there is none. */
  #tellDamage(): void {
    const { health } = this.#settings;
    const { damaged } = this.#world;
    for (const key of this.#damaged)
      if (!damaged.has(key)) {
        health.mended('queue', nameOf(key));
        this.#damaged.delete(key);
      }
    for (const [key, reason] of damaged)
      if (!this.#damaged.has(key)) {
        health.damage('queue', nameOf(key), reason);
        this.#damaged.add(key);
      }
  }
}

const singular: Readonly<Record<string, string>> = {
  entries: 'entry',
  hosts: 'host',
  jobs: 'job',
  tasks: 'task',
  executions: 'execution',
};

/** `entries:17` as people say it. */
function nameOf(key: string): string {
  const [kind = '', id = ''] = key.split(':');
  return `${singular[kind] ?? kind} ${id}`;
}

function countBy<State extends string>(rows: Iterable<{ readonly state: State }>): Partial<Record<State, number>> {
  const counts: Partial<Record<State, number>> = {};
  for (const { state } of rows) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
