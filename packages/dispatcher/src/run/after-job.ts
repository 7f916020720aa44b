import type { EntryOutcome, ExitClass, TaskKind } from '@autotest/core';
import type { JobRow } from '@autotest/core/db';

const outcomes: Readonly<Record<ExitClass, EntryOutcome>> = {
  clean: 'passed',
  testFailures: 'failed',
  infra: 'error',
  lost: 'error',
  aborted: 'aborted',
  timedOut: 'timedOut',
};

/** Outcome of an entry by how its execution ended. */
export function outcomeOf(exitClass: ExitClass): EntryOutcome {
  return outcomes[exitClass];
}

/** The task that a host needs after a job; undefined: it can be used at once. */
export function taskAfterJob(job: JobRow, exitClass: ExitClass): TaskKind | undefined {
  const failed = exitClass !== 'clean';
  if (job.rebootAfter === 'always' || (job.rebootAfter === 'ifFailed' && failed)) return 'cleanup';
  return exitClass === 'infra' || exitClass === 'lost' ? 'verify' : undefined;
}
