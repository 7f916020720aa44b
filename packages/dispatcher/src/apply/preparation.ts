import type { HostMove, TaskKind } from '@autotest/core';
import type { HostRow, JobRow } from '@autotest/core/db';

/** The first special task that makes a host fit for a job; undefined where nothing has to be done. */
export function firstPreparation(job: JobRow, host: HostRow): TaskKind | undefined {
  if (job.rebootBefore === 'always' || (job.rebootBefore === 'ifDirty' && host.dirty)) return 'cleanup';
  return wantsVerify(job, host) ? 'verify' : undefined;
}

export function wantsVerify(job: JobRow, host: HostRow): boolean {
  return job.runVerify && host.protection !== 'doNotVerify';
}

/** The move that puts a host into the state in which a task works on it. */
export const taskMoves: Readonly<Record<TaskKind, HostMove>> = {
  verify: 'verify',
  repair: 'repair',
  cleanup: 'clean',
  provision: 'provision',
};

/** The state in which a task works on a host. */
export const taskStates = {
  verify: 'verifying',
  repair: 'repairing',
  cleanup: 'cleaning',
  provision: 'provisioning',
} as const satisfies Record<TaskKind, HostRow['state']>;
