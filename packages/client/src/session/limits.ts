import { readdirSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { formatDuration, systemClock, type ClientSessionSpec } from '@autotest/core';
import { JobAbortedError } from '@autotest/core/runtime';
import { ResultsTooLargeError } from '../errors.ts';

const checkIntervalMs = 10_000;

export interface LimitsWatch {
  active(): void;
  dispose(): void;
}

/** Ends the job when its time is over, when nothing happened for too long, or when its results grow too large. */
export function watchLimits(spec: ClientSessionSpec, end: (error: Error) => void): LimitsWatch {
  let lastActivity = systemClock.monotonicMs();
  const teardowns: (() => void)[] = [];
  if (spec.deadlineAt !== undefined) {
    const leftMs = Math.max(0, spec.deadlineAt - Date.now());
    teardowns.push(systemClock.setTimeout(() => end(new JobAbortedError("The job's time is over", true)), leftMs));
  }
  const { idleTimeoutMs } = spec;
  const checkIdle = (): void => {
    if (idleTimeoutMs === undefined || systemClock.monotonicMs() - lastActivity < idleTimeoutMs) return;
    end(new JobAbortedError(`No output and no result for ${formatDuration(idleTimeoutMs)}`, true));
  };
  const checkSize = (): void => {
    const bytes = treeSize(spec.resultsDir);
    if (bytes > spec.maxResultsBytes) end(new ResultsTooLargeError(bytes, spec.maxResultsBytes));
  };
  if (idleTimeoutMs !== undefined) {
    const timer = setInterval(checkIdle, Math.min(1000, Math.max(20, idleTimeoutMs / 10)));
    teardowns.push(() => clearInterval(timer));
  }
  const sizeTimer = setInterval(checkSize, checkIntervalMs);
  teardowns.push(() => clearInterval(sizeTimer));
  return {
    active: () => (lastActivity = systemClock.monotonicMs()),
    dispose: () => teardowns.splice(0).forEach((teardown) => teardown()),
  };
}

function treeSize(directory: string): number {
  let bytes = 0;
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) bytes += treeSize(path);
      else if (entry.isFile()) bytes += lstatSync(path).size;
    }
  } catch {
    // Deleted meanwhile.
  }
  return bytes;
}
