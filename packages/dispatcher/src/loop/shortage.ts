import { mkdirSync, statfsSync } from 'node:fs';
import { messageOf } from '@autotest/core';
import type { Settings } from '../options.ts';

/** Why this machine must not start anything now; undefined where it may. Jobs that wait lose nothing, jobs that start on a full disk do. */
export function shortageOf({ resultsRoot, limits }: Pick<Settings, 'resultsRoot' | 'limits'>): string | undefined {
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
