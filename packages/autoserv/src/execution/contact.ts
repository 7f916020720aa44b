import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contactFileName, type ExecutionSpec } from '@autotest/core';
import { StopRequest, type Stopper } from './stop.ts';

/** Part of `orphanMs` that passes from the request to end until nothing is waited for any more, and as much again until the process is killed. */
const gracePart = 1 / 15;
/** A shorter one would serve nobody. */
const leastGraceMs = 5000;
const longestTickMs = 1000;

/**
 * Keeps an execution from outliving its right to its hosts. When its dispatcher is cut off, others give the hosts to somebody else after a while; what runs here cannot be told, so it
 * ends by itself before: after `orphanMs` without a sign of a dispatcher. A sign is a message on the control socket (an open socket is none: the process behind it may be paused), or
 * another content of the contact file. Time is that of this process, whatever clocks say.
 *
 * First the execution is stopped as by an abort; if that takes too long, nothing is waited for any more; and what even then does not end is killed with all that it started. Together
 * that takes 2/15 of `orphanMs`, less than the sixth of `lostMs` that dispatchers leave for it.
 *
 * Without `orphanMs` (nobody but people started it) none of this happens.
 */
export class Contact {
  readonly #orphanMs: number | undefined;
  readonly #file: string;
  readonly #stopper: Stopper;
  readonly #log: (message: string) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #established = Promise.withResolvers<void>();
  #heardAt = performance.now();
  #content: string | undefined;
  #stoppedAt: number | undefined;

  constructor({ limits, resultsDir }: ExecutionSpec, stopper: Stopper, log: (message: string) => void) {
    this.#orphanMs = limits.orphanMs;
    this.#file = join(resultsDir, contactFileName);
    this.#stopper = stopper;
    this.#log = log;
    if (limits.orphanMs === undefined) this.#established.resolve();
    else {
      this.#content = this.#read();
      if (this.#content === undefined) this.#established.resolve();
      this.#timer = setInterval(() => this.#look(), Math.min(longestTickMs, limits.orphanMs / 60));
    }
  }

  /** A dispatcher gave a sign. */
  heard(): void {
    this.#heardAt = performance.now();
    this.#established.resolve();
  }

  /** Resolves when a dispatcher is known to be there, where that is not known from the start. @throws StopRequest when the execution is to end before */
  async established(): Promise<void> {
    const { signal } = this.#stopper;
    const onStop = (): void => this.#established.reject(signal.reason);
    if (signal.aborted) onStop();
    signal.addEventListener('abort', onStop, { once: true });
    try {
      await this.#established.promise;
    } finally {
      signal.removeEventListener('abort', onStop);
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (this.#orphanMs === undefined) return;
    const content = this.#read();
    if (content !== undefined && content !== this.#content) {
      this.#content = content;
      this.heard();
    }
    const now = performance.now();
    if (this.#stoppedAt === undefined) {
      if (now - this.#heardAt < this.#orphanMs) return;
      this.#stoppedAt = now;
      this.#stop();
    }
    // There is no way back: a dispatcher that comes now finds the end.
    const graceMs = Math.max(leastGraceMs, this.#orphanMs * gracePart);
    const graces = (now - this.#stoppedAt) / graceMs;
    if (graces >= 1 && !this.#stopper.hard.aborted) this.#stop();
    if (graces >= 2) this.#kill();
  }

  #stop(): void {
    const message = `no dispatcher was in touch for ${describe(this.#orphanMs ?? 0)}: its machine or its database is away, and the hosts may be given to others`;
    this.#stopper.stop(new StopRequest('lost', 'autoserv without a dispatcher', message));
  }

  #kill(): void {
    this.#log('it did not end in time after its dispatcher was gone, and is killed');
    try {
      process.kill(-process.pid, 'SIGKILL');
    } catch {
      // It leads no group of its own.
      process.kill(process.pid, 'SIGKILL');
    }
  }

  #read(): string | undefined {
    try {
      return readFileSync(this.#file, 'utf8').slice(0, 100);
    } catch {
      return undefined;
    }
  }
}

function describe(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`;
}
