import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { ForeignWatch } from './event-hub.ts';

/** In-memory databases: nobody else can append. */
export const watchNothing: ForeignWatch = () => () => undefined;

/**
 * SQLite: every commit of any process writes to the WAL file. The directory is watched, not the file, since the file may be deleted and made again.
 */
export function watchWal(databaseFile: string): ForeignWatch {
  const walName = `${basename(databaseFile)}-wal`;
  return (check) => {
    const watcher = watch(dirname(databaseFile), { persistent: false }, (_event, name) => {
      if (name === walName || name === null) void check();
    });
    // Where watching fails later (directory deleted), readers still have their own rhythm.
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  };
}

const pollMs = 25;

/** Servers: asks every 25 ms. That is what a submission by another process waits for, and costs half a percent of a processor. */
export const poll: ForeignWatch = (check) => {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const turn = async (): Promise<void> => {
    await check();
    arm();
  };
  const arm = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void turn(), pollMs);
    timer.unref();
  };
  arm();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
};
