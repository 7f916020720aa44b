import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcess, readProcessStart } from '@autotest/core/node';
import { ExecutionLockedError } from '../errors.ts';

export const lockFileName = '.autoserv.lock';

/**
 * Takes the results directory for this process; gives the function that lets go of it. The lock is a file that names a process by pid and start time: a lock
 * whose process is gone is taken over, so a killed autoserv blocks nobody. It comes to be whole (link), never half.
 *
 * @throws ExecutionLockedError
 */
export function lockResults(resultsDir: string): () => void {
  const file = join(resultsDir, lockFileName);
  const own = JSON.stringify({ pid: process.pid, startTicks: readProcessStart(process.pid) });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, own);
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (tryLink(draft, file)) return () => release(file, own);
      const holder = readHolder(file);
      if (holder && isSameProcess(holder.pid, holder.startTicks))
        throw new ExecutionLockedError(resultsDir, holder.pid);
      putAside(file, `${draft}.stale`);
    }
    throw new ExecutionLockedError(resultsDir, 0);
  } finally {
    rmSync(draft, { force: true });
    rmSync(`${draft}.stale`, { force: true });
  }
}

function tryLink(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readHolder(file: string): { pid: number; startTicks: string | undefined } | undefined {
  try {
    const { pid, startTicks } = JSON.parse(readFileSync(file, 'utf8')) as { pid?: unknown; startTicks?: unknown };
    if (typeof pid !== 'number') return undefined;
    return { pid, startTicks: typeof startTicks === 'string' ? startTicks : undefined };
  } catch {
    return undefined;
  }
}

function putAside(file: string, aside: string): void {
  try {
    renameSync(file, aside);
  } catch {
    // Somebody else was faster.
  }
}

function release(file: string, own: string): void {
  try {
    if (readFileSync(file, 'utf8') === own) rmSync(file, { force: true });
  } catch {
    // Gone already.
  }
}
