import { linkSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isSameProcess, readProcessStart } from '@autotest/core/node';
import { errorCode } from '../error-code.ts';
import { LockTimeoutError } from '../errors.ts';
import { readIdentity } from '../session/session-files.ts';

/**
 * Runs `fn` while this process alone holds a lock file. A lock whose process is gone is taken over.
 *
 * @throws LockTimeoutError
 */
export async function withFileLock<T>(file: string, timeoutMs: number, fn: () => Promise<T>): Promise<T> {
  const mine = `${file}.${process.pid}`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, startTicks: readProcessStart(process.pid) }));
  try {
    await take(file, mine, timeoutMs);
  } finally {
    rmSync(mine, { force: true });
  }
  try {
    return await fn();
  } finally {
    rmSync(file, { force: true });
  }
}

async function take(file: string, mine: string, timeoutMs: number): Promise<void> {
  for (let waited = 0; ; waited += 50) {
    try {
      linkSync(mine, file);
      return;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const holder = readIdentity(file);
    if (holder && !isSameProcess(holder.pid, holder.startTicks)) rmSync(file, { force: true });
    else if (waited >= timeoutMs) throw new LockTimeoutError(file, `process ${holder?.pid ?? 'unknown'}`);
    else await delay(50);
  }
}
