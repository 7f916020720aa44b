import { mkdirSync, statfsSync } from 'node:fs';
import { messageOf } from '@autotest/core';
import type { Settings } from '../options.ts';

const freshMs = 500;

/** Why this machine must not start anything now. Jobs that wait lose nothing, jobs that start on a full disk do. */
export class Shortage {
  readonly #settings: Pick<Settings, 'resultsRoot' | 'limits' | 'clock' | 'executors'>;
  #known: string | undefined;
  #lookedAt = -Infinity;

  constructor(settings: Pick<Settings, 'resultsRoot' | 'limits' | 'clock' | 'executors'>) {
    this.#settings = settings;
  }

  /** In words; undefined where nothing is short. */
  get current(): string | undefined {
    const nowMs = this.#settings.clock.monotonicMs();
    if (nowMs - this.#lookedAt < freshMs) return this.#known;
    this.#lookedAt = nowMs;
    this.#known = shortageOf(this.#settings) ?? this.#settings.executors.trouble();
    return this.#known;
  }
}

function shortageOf({ resultsRoot, limits }: Pick<Settings, 'resultsRoot' | 'limits'>): string | undefined {
  if (limits.minFreeBytes === 0) return undefined;
  try {
    mkdirSync(resultsRoot, { recursive: true });
    const { bavail, bsize } = statfsSync(resultsRoot);
    const freeBytes = bavail * bsize;
    if (freeBytes >= limits.minFreeBytes) return undefined;
    return `the disk of ${resultsRoot} has only ${megabytes(freeBytes)} MB free, and jobs start from ${megabytes(limits.minFreeBytes)} MB on; free space there`;
  } catch (error) {
    return `the directory ${resultsRoot} cannot be used: ${messageOf(error)}`;
  }
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / 1_000_000);
}
