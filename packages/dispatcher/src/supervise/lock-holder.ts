import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFileName, type LockHolder } from '@autotest/core';
import { isSameProcess } from '@autotest/core/node';

/** The living process that has a results directory. It takes the lock before it writes anything, so without one nobody works there. */
export function readLockHolder(resultsDir: string): LockHolder | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(resultsDir, lockFileName), 'utf8'));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startTicks } = value as { pid?: unknown; startTicks?: unknown };
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 1) return undefined;
  const holder = { pid, ...(typeof startTicks === 'string' && { startTicks }) };
  return isSameProcess(pid, holder.startTicks) ? holder : undefined;
}
