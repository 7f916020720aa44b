import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { LabError } from '../errors.ts';

export interface FileLockOptions {
  readonly signal?: AbortSignal;
  /** Called once when another process has the lock, before the wait. */
  readonly onWait?: () => void;
}

/**
 * Does something while no other process of this machine does something under the same file's lock (flock(2), held by a child; gone with this process however it ends).
 * Waits as long as the holder takes, unless the signal fires.
 */
export async function withFileLock<T>(file: string, options: FileLockOptions, task: () => Promise<T>): Promise<T> {
  const { signal, onWait } = options;
  const script = 'flock -n 9 || { echo waiting; flock 9; }; echo locked; exec cat';
  const child = spawn('sh', ['-c', `exec 9>>"$1"; ${script}`, 'sh', file], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const ended = once(child, 'close');
  // A holder that died shows as the end of its output.
  ended.catch(() => undefined);
  child.stdin.on('error', () => undefined);
  const onAbort = (): void => void (child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'));
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    await untilLocked(child.stdout, onWait);
    signal?.throwIfAborted();
    return await task();
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    child.stdin.end();
    await ended.catch(() => undefined);
  }

  async function untilLocked(output: AsyncIterable<Buffer>, tellWait?: () => void): Promise<void> {
    let text = '';
    for await (const chunk of output) {
      text += chunk.toString();
      if (text.includes('locked')) return;
      if (text.includes('waiting')) tellWait?.();
    }
    signal?.throwIfAborted();
    throw new LabError(`The lock ${file} cannot be taken. See whether its directory can be written.`);
  }
}
