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

/** Between two looks while others write, ms: what a submission by another process waits for. */
const busyMs = 25;
/** After so long without news, ms. Each look wakes the process and costs some 0.3 to 0.7 ms of a processor: of an idle one that would be most of what it does. */
const quietAfterMs = 5000;
const quietMs = 100;

/** Servers tell nobody of what is written: they are asked, often while something happens, and seldom else. */
export const poll: ForeignWatch = (check) => {
  let stopped = false;
  let newsAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const turn = async (): Promise<void> => {
    if (await check()) newsAt = performance.now();
    arm();
  };
  const arm = (): void => {
    if (stopped) return;
    const isBusy = performance.now() - newsAt < quietAfterMs;
    timer = setTimeout(() => void turn(), isBusy ? busyMs : quietMs);
    timer.unref();
  };
  arm();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
};
