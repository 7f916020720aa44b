import type { ClassicExit } from './classic-job.ts';
import type { ClassicStatus } from './status.ts';
import type { StatusLogSummary } from './verdict.ts';

/**
 * Status of the server's part of a job. Its process says it: 0 is GOOD, another exit code FAIL, a signal or no word at all
 * ABORT. On a job of several hosts one process speaks for all of them; there, an exit code says nothing about one host, and
 * the host's own log decides.
 */
export function serverJobStatus(
  exit: ClassicExit | null,
  log: StatusLogSummary,
  isOneHostOfMany: boolean,
): ClassicStatus {
  if (exit === null || exit.exitCode === null) return 'ABORT';
  if (exit.exitCode === 0) return 'GOOD';
  if (!isOneHostOfMany) return 'FAIL';
  if (log.unfinished) return 'ABORT';
  return log.aborted ? 'FAIL' : 'GOOD';
}

/** Reason of tests still open where the log ends. `abortedOn` is epoch seconds, shown in UTC. */
export function unfinishedReason(abortedBy: string | null, abortedOn: number | null): string {
  if (abortedBy === null) return 'Job aborted unexpectedly';
  if (abortedOn === null) return `Job aborted by ${abortedBy}`;
  const [, day = '', month = '', , clock = ''] = new Date(abortedOn * 1000).toUTCString().split(' ');
  return `Job aborted by ${abortedBy} at ${month} ${day} ${clock}`;
}
