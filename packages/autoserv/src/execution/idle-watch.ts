import { formatDuration, type ExecutionSpec } from '@autotest/core';
import { StopRequest, type Stopper } from './stop.ts';

/** Notices when nothing happens any more. */
export interface IdleWatch {
  /** Something happened: output, a record, bytes of a host's results. */
  readonly active: () => void;
  readonly dispose: () => void;
}

/**
 * Ends an execution of a server control file that wrote nothing for `idleTimeoutMs`. Client control files are watched by the client on their host, which knows of a reboot
 * that takes its time, and of a connection that is broken.
 */
export function watchIdle({ purpose, job, limits }: ExecutionSpec, stopper: Stopper): IdleWatch {
  const { idleTimeoutMs } = limits;
  if (idleTimeoutMs === undefined || purpose !== 'job' || job?.controlType !== 'server')
    return { active: () => {}, dispose: () => {} };
  let last = performance.now();
  const timer = setInterval(
    () => {
      if (performance.now() - last < idleTimeoutMs) return;
      clearInterval(timer);
      stopper.stop(
        new StopRequest('timedOut', 'idle timeout', `No output and no result for ${formatDuration(idleTimeoutMs)}`),
      );
    },
    Math.min(1000, Math.max(20, idleTimeoutMs / 10)),
  );
  timer.unref();
  return {
    active: () => {
      last = performance.now();
    },
    dispose: () => clearInterval(timer),
  };
}
