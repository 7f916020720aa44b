import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { specFileName } from '@autotest/core';
import { ExecutionStartError } from '../../errors.ts';
import type { Settings } from '../../options.ts';
import { cleanEnvironment } from '../environment.ts';
import type { AutoservProcess } from '../executor.ts';
import { childProcess } from './processes.ts';

/**
 * Starts autoserv in a process group of its own, so that it survives this process. Its output goes to `debug/autoserv.log` of the results directory.
 *
 * @throws ExecutionStartError
 */
export async function startAutoserv(
  settings: Pick<Settings, 'nodePath' | 'autoservPath' | 'compileCacheDir'>,
  resultsDir: string,
): Promise<AutoservProcess> {
  let log: number | undefined;
  try {
    await mkdir(join(resultsDir, 'debug'), { recursive: true });
    log = openSync(join(resultsDir, 'debug', 'autoserv.log'), 'a');
    const child = spawn(settings.nodePath, [settings.autoservPath, '--spec', join(resultsDir, specFileName)], {
      cwd: resultsDir,
      detached: true,
      stdio: ['ignore', log, log],
      env: cleanEnvironment(settings),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.unref();
    return childProcess(child);
  } catch (error) {
    throw new ExecutionStartError(resultsDir, error);
  } finally {
    if (log !== undefined) closeSync(log);
  }
}
