import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where images are kept between labs. */
export function labCacheDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.AUTOTEST_LAB_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'autotest', 'lab');
}
