import type { HostMove, TaskKind } from '@autotest/core';
import type { Change, EntryRow, HostRow, JobRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';

export interface Assignment {
  readonly entry: EntryRow;
  readonly host: HostRow;
  readonly job: JobRow;
  readonly dispatcherId: string;
}

/** Gives a host to an entry, and begins to make it ready. */
export function assign(change: Change, world: World, { entry, host, job, dispatcherId }: Assignment): void {
  change.takeLease(world.leases.get(host.id), host.id, { kind: 'entry', id: entry.id }, dispatcherId);
  const assigned = change.moveEntry(entry, 'assign', { hostId: host.id, dispatcherId });
  const kind = firstPreparation(job, host);
  if (kind) {
    change.moveHost(host, taskMoves[kind]);
    change.addTask({ hostId: host.id, entry: assigned, kind, requestedBy: 'dispatcher', dispatcherId });
  } else {
    change.moveHost(host, 'reserve');
    change.moveEntry(assigned, 'host_ready');
  }
}

/** Gives an entry that needs no host to a dispatcher. */
export function assignHostless(change: Change, entry: EntryRow, dispatcherId: string): void {
  change.moveEntry(change.moveEntry(entry, 'assign', { dispatcherId }), 'host_ready');
}

/** The first special task that makes a host fit for a job; undefined where nothing has to be done. */
export function firstPreparation(job: JobRow, host: HostRow): TaskKind | undefined {
  if (job.rebootBefore === 'always' || (job.rebootBefore === 'ifDirty' && host.dirty)) return 'cleanup';
  return afterCleanup(job, host);
}

/** What comes after the cleanup. */
export function afterCleanup(job: JobRow, host: HostRow): TaskKind | undefined {
  if (job.provision !== undefined && job.provision !== host.image) return 'provision';
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
