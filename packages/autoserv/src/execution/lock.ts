import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { lockFileName, type ExecutionSpec, type LockHolder } from '@autotest/core';
import { isSameProcess, readProcessStart } from '@autotest/core/node';
import { ExecutionLockedError } from '../errors.ts';

/**
 * Takes the results directory for this process; gives the function that lets go of it. The lock is a file that names a process by pid and start time: a lock
 * whose process is gone is taken over, so a killed autoserv blocks nobody. It comes to be whole (link), never half.
 *
 * Of a process on another machine (of a cluster, with shared results) nothing can be seen from here. Its lock holds, except against an execution that
 * collects what it left: whoever starts that one knows that the other is gone.
 *
 * @throws ExecutionLockedError
 */
export function lockResults({ resultsDir, purpose }: Pick<ExecutionSpec, 'resultsDir' | 'purpose'>): () => void {
  const file = join(resultsDir, lockFileName);
  const holder: LockHolder = {
    pid: process.pid,
    ...optional('startTicks', readProcessStart(process.pid)),
    machine: hostname(),
  };
  const own = JSON.stringify(holder);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, own);
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      if (tryLink(draft, file)) return () => release(file, own);
      const other = readHolder(file);
      if (other && isHeld(other, purpose)) throw new ExecutionLockedError(resultsDir, other.pid);
      putAside(file, `${draft}.stale`);
    }
    throw new ExecutionLockedError(resultsDir, 0);
  } finally {
    rmSync(draft, { force: true });
    rmSync(`${draft}.stale`, { force: true });
  }
}

function isHeld({ pid, startTicks, machine }: LockHolder, purpose: ExecutionSpec['purpose']): boolean {
  if (machine !== undefined && machine !== hostname()) return purpose !== 'gather';
  return isSameProcess(pid, startTicks);
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

function readHolder(file: string): LockHolder | undefined {
  try {
    const { pid, startTicks, machine } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    if (typeof pid !== 'number') return undefined;
    return { pid, ...optional('startTicks', startTicks), ...optional('machine', machine) };
  } catch {
    return undefined;
  }
}

function optional<K extends string>(key: K, value: unknown): { [key in K]?: string } {
  return typeof value === 'string' ? ({ [key]: value } as { [key in K]: string }) : {};
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
