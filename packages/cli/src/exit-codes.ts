/** Exit codes of every command; part of the public contract (docs/reference/cli.md). */
export const exitCodes = {
  ok: 0,
  /** A test failed. */
  testFailures: 1,
  /** The lab, the infrastructure or this program failed. */
  infra: 2,
  /** Aborted, timed out, or the wait for it was interrupted. */
  cancelled: 3,
  /** Nothing ran, or everything was skipped. */
  nothingRan: 4,
  usage: 64,
  /** The server cannot be reached. */
  unavailable: 69,
  permission: 77,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Exit code for a job that ended. */
export function exitCodeOfJob(outcome: string | null | undefined, counts: { total: number; skip: number }): ExitCode {
  switch (outcome) {
    case 'passed':
      return counts.total === counts.skip ? exitCodes.nothingRan : exitCodes.ok;
    case 'failed':
      return exitCodes.testFailures;
    case 'aborted':
    case 'timedOut':
    case 'stopped':
      return exitCodes.cancelled;
    default:
      return exitCodes.infra;
  }
}
