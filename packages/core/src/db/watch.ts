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

const shortestPollMs = 50;
const longestPollMs = 500;

/** Servers: asks every 50 ms while there is something to see, and less and less often (500 ms) while there is not. */
export const poll: ForeignWatch = (check) => {
  let delayMs = shortestPollMs;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const turn = async (): Promise<void> => {
    const found = await check();
    delayMs = found ? shortestPollMs : Math.min(longestPollMs, delayMs * 1.3);
    arm();
  };
  const arm = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void turn(), delayMs);
    timer.unref();
  };
  arm();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
};
