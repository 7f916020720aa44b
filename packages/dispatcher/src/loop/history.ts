import type { Settings } from '../options.ts';
import type { World } from '../world/world.ts';

const freshMs = 60_000;
/** Rows get the time of their transaction's begin, by the clock of another machine perhaps. */
const overlapMs = 60_000;

/** Keeps what a world knows of earlier runs of jobs up to date: estimates need not be newer than a minute. */
export class History {
  readonly #settings: Pick<Settings, 'clock' | 'database'>;
  readonly #world: World;
  #readAtMs = -Infinity;
  #knownUntil = 0;

  constructor(settings: Pick<Settings, 'clock' | 'database'>, world: World) {
    this.#settings = settings;
    this.#world = world;
  }

  /** Reads what is new, unless that was done a moment ago. */
  async refresh(): Promise<void> {
    const { clock, database } = this.#settings;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#readAtMs < freshMs) return;
    const rows = await database.scheduling.durations(this.#knownUntil);
    this.#world.takeDurations(rows);
    this.#readAtMs = nowMs;
    this.#knownUntil = rows.reduce((last, { changedAt }) => Math.max(last, changedAt - overlapMs), this.#knownUntil);
  }
}
