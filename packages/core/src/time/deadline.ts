import { type Clock, systemClock } from './clock.ts';
import { type Duration, formatDuration, parseDuration } from './duration.ts';
import { DeadlineError } from './errors.ts';

export interface DeadlineOptions {
  /** @default systemClock */
  readonly clock?: Clock;
  /** What is limited, for the message: `the job`. @default 'the operation' */
  readonly what?: string;
  /** Another reason to stop: the deadline's signal fires with it, with that signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * A moment by which something must be done, passed down instead of time-outs. Measured on the monotonic clock, so setting the
 * machine's clock changes nothing.
 *
 * A deadline holds a timer as long as it is neither expired nor disposed, and that timer keeps a process alive: dispose it.
 */
export class Deadline {
  /** The span it was made with, ms. Infinity: no limit. */
  readonly limitMs: number;
  /** Fires with a {@link DeadlineError} when the time is over. Never fires after `dispose`. */
  readonly signal: AbortSignal;

  readonly #clock: Clock;
  readonly #what: string;
  readonly #endsAtMs: number;
  readonly #controller = new AbortController();
  readonly #teardowns: (() => void)[] = [];

  constructor(limit: Duration, options: DeadlineOptions = {}) {
    const { clock = systemClock, what = 'the operation', signal: outer } = options;
    this.limitMs = parseDuration(limit);
    this.signal = this.#controller.signal;
    this.#clock = clock;
    this.#what = what;
    this.#endsAtMs = clock.monotonicMs() + this.limitMs;
    if (outer?.aborted) {
      this.#controller.abort(outer.reason);
      return;
    }
    this.#teardowns.push(clock.setTimeout(() => this.#end(this.#error()), this.limitMs));
    if (outer) this.#follow(outer);
  }

  /** Time left, ms; 0 when it is over. Disposing does not change it. */
  get remainingMs(): number {
    return Math.max(0, this.#endsAtMs - this.#clock.monotonicMs());
  }

  /** Whether the time is over. */
  get expired(): boolean {
    return this.remainingMs === 0;
  }

  /** @throws what the signal carries, when it has fired; a DeadlineError, when the time is over. */
  throwIfOver(): void {
    this.signal.throwIfAborted();
    if (this.expired) throw this.#error();
  }

  /** A deadline for a part: its own limit, but never later than this one, and ended together with it. Dispose it by itself. */
  child(limit: Duration, what: string = this.#what): Deadline {
    const limitMs = parseDuration(limit);
    const isOurs = this.remainingMs < limitMs;
    return new Deadline(isOurs ? this.remainingMs : limitMs, {
      clock: this.#clock,
      what: isOurs ? this.#what : what,
      signal: this.signal,
    });
  }

  /** Stops the timer. Doing it twice, or after the end, does no harm. */
  dispose(): void {
    for (const teardown of this.#teardowns.splice(0)) teardown();
  }

  #follow(outer: AbortSignal): void {
    const onAbort = (): void => this.#end(outer.reason);
    outer.addEventListener('abort', onAbort, { once: true });
    this.#teardowns.push(() => outer.removeEventListener('abort', onAbort));
  }

  #end(reason: unknown): void {
    this.dispose();
    this.#controller.abort(reason);
  }

  #error(): DeadlineError {
    const limit = formatDuration(this.limitMs);
    return new DeadlineError(`The time for ${this.#what} (${limit}) is over.`, { limitMs: this.limitMs });
  }
}
