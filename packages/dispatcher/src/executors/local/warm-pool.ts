import { statSync } from 'node:fs';
import { messageOf } from '@autotest/core';
import type { AutoservProcess } from '../executor.ts';
import type { LocalSettings } from './local-executor.ts';
import { WarmProcess } from './warm-process.ts';

export interface WarmLimits {
  /** How many wait when nothing happens. */
  readonly min: number;
  /** How many wait at most; 0: none are started ahead. */
  readonly max: number;
}

/** Starts that come within so long may all find a process that waits, up to the maximum. */
const burstMs = 2000;
/** After so long without need the pool grows smaller by one. */
const shrinkMs = 30_000;
/** A start has the processors to itself for so long: with a process that waited, and with a fresh one. */
const quietWarmMs = 25;
const quietFreshMs = 75;
/** Where starts never pause, one is started ahead each so often all the same. */
const overdueMs = 500;
const firstBackOffMs = 1000;
const maxBackOffMs = 300_000;

/**
 * Autoservs that were started ahead. One is started at a time, when no execution is just starting: what starts needs the processors more. The pool
 * follows the rate of starts between its limits: it grows with a burst at once, and shrinks slowly.
 *
 * One that carried an execution out is never used again. One that holds an older version of the program is not used at all.
 */
export class WarmPool {
  readonly #settings: LocalSettings;
  readonly #limits: WarmLimits;
  readonly #waiting: WarmProcess[] = [];
  /** Moments of the latest starts, on the monotonic clock. */
  #starts: number[] = [];
  #wanted: number;
  #version: string | undefined;
  #warming: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #shrink: NodeJS.Timeout | undefined;
  #quietUntil = 0;
  #lastWarmed = 0;
  #failures = 0;
  #isClosed = false;

  constructor(settings: LocalSettings, limits: WarmLimits) {
    this.#settings = settings;
    this.#limits = { min: Math.min(limits.min, limits.max), max: limits.max };
    this.#wanted = this.#limits.min;
  }

  /** How many wait now. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Gives the spec to one that waits. `undefined`: none waits, or it did not take it. */
  async hand(specFile: string): Promise<AutoservProcess | undefined> {
    if (this.#limits.max === 0 || this.#isClosed) return undefined;
    this.#noteStart();
    const warm = this.#take();
    this.#quietUntil = performance.now() + (warm ? quietWarmMs : quietFreshMs);
    this.fill();
    const process = await warm?.hand(specFile);
    if (warm && !process) this.#settings.log.warn('an autoserv that was started ahead did not take its execution');
    return process;
  }

  /** Starts what is missing, one after another, each at a quiet moment. */
  fill(): void {
    if (this.#isClosed || this.#warming || this.#timer || this.size >= this.#wanted) return;
    const now = performance.now();
    const backOffMs = this.#failures === 0 ? 0 : Math.min(maxBackOffMs, firstBackOffMs * 2 ** (this.#failures - 1));
    const quietMs = Math.min(this.#quietUntil, this.#lastWarmed + overdueMs) - now;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (backOffMs === 0 && this.#isBusy()) this.fill();
        else this.#warmOne();
      },
      Math.max(1, quietMs, backOffMs),
    ).unref();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearInterval(this.#shrink);
    await this.#warming;
    await Promise.all(this.#waiting.splice(0).map((warm) => warm.end()));
  }

  #isBusy(): boolean {
    const now = performance.now();
    return now < this.#quietUntil && now < this.#lastWarmed + overdueMs;
  }

  #warmOne(): void {
    this.#lastWarmed = performance.now();
    this.#warming = this.#warm()
      .catch((error: unknown) => {
        this.#failures += 1;
        this.#settings.log.warn('no autoserv can be started ahead; executions start a fresh one', {
          reason: messageOf(error),
        });
      })
      .finally(() => {
        this.#warming = undefined;
        this.fill();
      });
  }

  async #warm(): Promise<void> {
    const version = this.#currentVersion();
    const warm = await WarmProcess.start(this.#settings);
    this.#failures = 0;
    if (version !== this.#version) this.#discard();
    this.#version = version;
    this.#waiting.push(warm);
    this.#settings.log.debug('an autoserv waits for an execution', { pid: warm.pid });
    void warm.gone.then(() => this.#forget(warm));
  }

  #take(): WarmProcess | undefined {
    if (this.#waiting.length > 0 && this.#currentVersion() !== this.#version) this.#discard();
    return this.#waiting.shift();
  }

  #forget(warm: WarmProcess): void {
    const index = this.#waiting.indexOf(warm);
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    this.fill();
  }

  #discard(): void {
    for (const warm of this.#waiting.splice(0)) void warm.end();
  }

  /** Tells the program from one that was installed in its place. */
  #currentVersion(): string {
    const { dev, ino, size, mtimeMs } = statSync(this.#settings.autoservPath);
    return [dev, ino, size, mtimeMs].join(':');
  }

  #noteStart(): void {
    const now = performance.now();
    this.#starts = [...this.#starts.filter((at) => at > now - burstMs), now].slice(-this.#limits.max);
    this.#wanted = Math.max(this.#wanted, Math.min(this.#limits.max, this.#starts.length));
    if (this.#wanted > this.#limits.min) this.#shrinkLater();
  }

  #shrinkLater(): void {
    clearTimeout(this.#shrink);
    this.#shrink = setTimeout(() => {
      this.#wanted -= 1;
      while (this.size > this.#wanted) void this.#waiting.shift()?.end();
      if (this.#wanted > this.#limits.min) this.#shrinkLater();
    }, shrinkMs).unref();
  }
}
