import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { specFileName } from '@autotest/core';
import { isSameProcess, readProcessStart } from '@autotest/core/node';
import { ExecutionStartError } from '../errors.ts';
import type { Settings } from '../options.ts';

/** A process that carries out an execution: a child of this dispatcher or of an earlier one. */
export interface AutoservProcess {
  readonly pid: number;
  /** Start time in clock ticks: tells a reused pid. Undefined where the process was gone too soon to be asked. */
  readonly startTicks: string | undefined;
  /** Resolves when the process is gone; the exit code is known only of children. */
  readonly gone: Promise<number | undefined>;
  /** Sends a signal to the process, or with `group` to everything it started. Harmless when it is gone. */
  kill(signal: NodeJS.Signals, group?: boolean): void;
  /** Looks at once whether it is gone, instead of at the next poll. */
  look(): void;
  /** Stops watching. */
  unwatch(): void;
}

/** Exit code of an autoserv that finds another one in its results directory. */
export const lockedExitCode = 3;

const inherited = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'SSH_AUTH_SOCK',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'AUTOTEST_CLIENT_FILE',
  'AUTOTEST_MIN_FREE_BYTES',
  'AUTOTEST_TEST_DIRS',
] as const;
const pollMs = 1000;

/**
 * Starts autoserv in a process group of its own, so that it survives this process. Its output goes to `debug/autoserv.log` of the results directory.
 *
 * @throws ExecutionStartError
 */
export async function startAutoserv(settings: Settings, resultsDir: string): Promise<AutoservProcess> {
  let log: number | undefined;
  try {
    mkdirSync(join(resultsDir, 'debug'), { recursive: true });
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
    const { pid } = child;
    if (pid === undefined) throw new Error('the process has no pid');
    const startTicks = readProcessStart(pid);
    const exited = new Promise<number | undefined>((resolve) => {
      child.once('exit', (code) => resolve(code ?? undefined));
      if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode ?? undefined);
    });
    return {
      pid,
      startTicks,
      gone: exited,
      kill: killer(pid, startTicks),
      look: () => {},
      unwatch: () => child.removeAllListeners(),
    };
  } catch (error) {
    throw new ExecutionStartError(resultsDir, error);
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

/** Watches a process that somebody else started. */
export function watchProcess(pid: number, startTicks: string | undefined): AutoservProcess {
  const gone = Promise.withResolvers<undefined>();
  const look = (): void => {
    if (isSameProcess(pid, startTicks)) return;
    clearInterval(timer);
    gone.resolve(undefined);
  };
  const timer = setInterval(look, pollMs);
  look();
  return {
    pid,
    startTicks,
    gone: gone.promise,
    kill: killer(pid, startTicks),
    look,
    unwatch: () => clearInterval(timer),
  };
}

function killer(pid: number, startTicks: string | undefined): AutoservProcess['kill'] {
  return (signal, group = false) => {
    // A reused pid belongs to somebody else. The group's leader being alive vouches for the group.
    if (!isSameProcess(pid, startTicks)) return;
    try {
      process.kill(group ? -pid : pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  };
}

/** What autoserv needs, and nothing of what this process may hold besides (database passwords). */
function cleanEnvironment(settings: Settings): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { NODE_COMPILE_CACHE: settings.compileCacheDir };
  for (const name of inherited) if (process.env[name] !== undefined) environment[name] = process.env[name];
  return environment;
}
