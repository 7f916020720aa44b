import type { ChildProcess } from 'node:child_process';
import { isSameProcess, readProcessStart } from '@autotest/core/node';
import type { AutoservProcess, ProcessEnd } from '../executor.ts';

const pollMs = 1000;

/** A child as a process that is watched. @throws where it has no pid */
export function childProcess(child: ChildProcess): AutoservProcess {
  const { pid } = child;
  if (pid === undefined) throw new Error('the process has no pid');
  const startTicks = readProcessStart(pid);
  const gone = new Promise<ProcessEnd>((resolve) => {
    const end = (code: number | null): void => resolve(code === null ? {} : { exitCode: code });
    child.once('exit', end);
    if (child.exitCode !== null || child.signalCode !== null) end(child.exitCode);
  });
  return {
    pid,
    startTicks,
    running: Promise.resolve(),
    gone,
    kill: killer(pid, startTicks),
    look: () => {},
    unwatch: () => child.removeAllListeners(),
  };
}

/** Watches a process of this machine that somebody else started. */
export function watchProcess(pid: number, startTicks: string | undefined): AutoservProcess {
  const gone = Promise.withResolvers<ProcessEnd>();
  const look = (): void => {
    if (isSameProcess(pid, startTicks)) return;
    clearInterval(timer);
    gone.resolve({});
  };
  const timer = setInterval(look, pollMs);
  look();
  return {
    pid,
    startTicks,
    running: Promise.resolve(),
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
