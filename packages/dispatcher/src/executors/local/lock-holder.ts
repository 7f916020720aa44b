import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { lockFileName, type LockHolder } from '@autotest/core';
import { isSameProcess } from '@autotest/core/node';

/**
 * The living process of this machine that has a results directory. It takes the lock before it writes anything, so without one nobody of this machine
 * works there; one of another machine is for whoever started it to know.
 */
export function readLockHolder(resultsDir: string): LockHolder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(resultsDir, lockFileName), 'utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startTicks, machine } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 1) return undefined;
  if (typeof machine === 'string' && machine !== hostname()) return undefined;
  const holder = { pid, ...(typeof startTicks === 'string' && { startTicks }) };
  return isSameProcess(pid, holder.startTicks) ? holder : undefined;
}
