import type { Fence } from '@autotest/core/db';
import type { Settings } from '../options.ts';
import type { Planner } from '../plan/planner.ts';
import type { Wait } from '../plan/wait.ts';
import type { Observer } from '../telemetry/observer.ts';

/** Reasons are written at most so often, ms. */
const everyMs = 100;
/** After a failure, ms. */
const pauseMs = 5000;

/** Stores why entries wait. Beside the turns, one write at a time: nothing that is decided builds on it. */
export class ReasonWriter {
  readonly #settings: Pick<Settings, 'clock' | 'database'>;
  readonly #observer: Observer;
  readonly #onFailed: (error: unknown) => void;
  #nextAt = -Infinity;
  #running: Promise<void> | undefined;

  /** @param onFailed what was to be stored is lost: the planner has to be asked anew for everything */
  constructor(settings: Pick<Settings, 'clock' | 'database'>, observer: Observer, onFailed: (error: unknown) => void) {
    this.#settings = settings;
    this.#observer = observer;
    this.#onFailed = onFailed;
  }

  /** Begins to store what changed, where it is time for it. */
  turn(planner: Planner, fence: Fence | undefined): void {
    const { clock } = this.#settings;
    if (!fence || this.#running || clock.monotonicMs() < this.#nextAt) return;
    this.#nextAt = clock.monotonicMs() + everyMs;
    const waits = planner.waits(clock.now());
    if (waits.length === 0) return;
    this.#running = this.#store(waits, fence).finally(() => {
      this.#running = undefined;
    });
  }

  /** Resolves when nothing is being stored. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #store(waits: readonly Wait[], fence: Fence): Promise<void> {
    try {
      await this.#settings.database.scheduling.setWaits(waits, fence);
      this.#observer.waits(waits.reduce((sum, { entryIds }) => sum + entryIds.length, 0));
    } catch (error) {
      this.#nextAt = this.#settings.clock.monotonicMs() + pauseMs;
      this.#onFailed(error);
    }
  }
}
