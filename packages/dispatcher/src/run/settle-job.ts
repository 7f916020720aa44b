import type { Change, EntryPatch, EntryRow, ExecutionRow, HostPatch, JobRow } from '@autotest/core/db';
import { taskMoves } from '../plan/assign.ts';
import { jobDeadline } from '../plan/deadlines.ts';
import { abortOf } from '../plan/endings.ts';
import { holdingOf } from '../plan/holding.ts';
import type { World } from '../world/world.ts';
import { outcomeOf, taskAfterJob } from './after-job.ts';
import { healthAfter } from './health.ts';

/**
 * Closes an execution whose journal is in the rows to its last record: its entries get their outcome or go back into the queue, its hosts are let go or made fit again. One change,
 * so that it happens once.
 *
 * @param gather the execution that collected what this one left behind
 */
export function settleJob(change: Change, world: World, execution: ExecutionRow, gather?: ExecutionRow): void {
  // As this change leaves them: the end may be part of it.
  const entries = world.entriesOfExecution(execution.id).map((entry) => change.entries.get(entry.id)?.after ?? entry);
  change.closeNodes(execution.id, 'abort', execution.cause?.message ?? 'its end was never told');
  change.moveExecution(execution, 'ingest');
  if (gather?.state === 'ended') change.moveExecution(gather, 'ingest');
  // Hosts of a group run again together or not at all.
  const retries = entries.map((entry) => retryOf(world.jobs.get(entry.jobId), entry, execution, change.now));
  const isRetried = entries.length > 0 && retries.every((retry) => retry !== undefined);
  for (const [index, entry] of entries.entries()) {
    finishEntry(
      change,
      entry,
      execution,
      isRetried ? retryEnd(retries[index]) : wishOf(world.jobs.get(entry.jobId), entry, execution),
    );
    letGo(change, world, entry, execution, isRetried);
  }
}

/** Who aborts a job while what a lost execution left is gathered wants it aborted, and gets that; the execution keeps why it was lost. */
function wishOf(job: JobRow | undefined, entry: EntryRow, { exitClass }: ExecutionRow): EntryEnd | undefined {
  if (!job || !entry.abortRequested || (exitClass !== 'lost' && exitClass !== undefined)) return undefined;
  const { outcome, cause } = abortOf(job);
  return { move: 'archived', patch: { outcome, cause } };
}

function retryEnd(patch: EntryPatch | undefined): EntryEnd | undefined {
  return patch && { move: 'retry', patch };
}

interface EntryEnd {
  readonly move: 'retry' | 'archived';
  readonly patch: EntryPatch;
}

function finishEntry(change: Change, entry: EntryRow, execution: ExecutionRow, end: EntryEnd | undefined): void {
  let row = entry;
  if (row.state === 'starting' || row.state === 'running') row = change.moveEntry(row, 'end');
  if (row.state === 'gathering') row = change.moveEntry(row, 'gathered');
  if (row.state === 'parsing') row = change.moveEntry(row, 'parsed');
  if (row.state !== 'archiving') return;
  const cause = execution.cause && { cause: execution.cause };
  if (end) change.moveEntry(row, end.move, { ...cause, ...end.patch });
  else change.moveEntry(row, 'archived', { outcome: outcomeOf(execution.exitClass ?? 'lost'), ...cause });
}

/** How an entry goes back into the queue; undefined: it does not. A failure of the lab is another matter than one of a test. */
function retryOf(
  job: JobRow | undefined,
  entry: EntryRow,
  { exitClass }: ExecutionRow,
  now: number,
): EntryPatch | undefined {
  if (!job || entry.abortRequested || jobDeadline(job) <= now) return undefined;
  const again: EntryPatch = {
    attempt: entry.attempt + 1,
    executionId: null,
    dispatcherId: null,
    ...(!entry.named && { hostId: null }),
  };
  if (exitClass === 'infra' || exitClass === 'lost' || exitClass === undefined) {
    if (entry.infraFailures >= job.infraRetries) return undefined;
    const tried = entry.hostId === undefined ? [] : [entry.hostId];
    return {
      ...again,
      infraFailures: entry.infraFailures + 1,
      triedHostIds: [...new Set([...entry.triedHostIds, ...tried])],
    };
  }
  if (exitClass !== 'testFailures' || entry.testFailures >= job.retries) return undefined;
  return { ...again, testFailures: entry.testFailures + 1 };
}

function letGo(change: Change, world: World, entry: EntryRow, execution: ExecutionRow, isRetried: boolean): void {
  const job = world.jobs.get(entry.jobId);
  const holding = holdingOf(world, entry);
  if (!job || !holding) return;
  const { host, lease } = holding;
  const exitClass = execution.exitClass ?? 'lost';
  const patch: HostPatch = { health: healthAfter(host.health, exitClass !== 'infra' && exitClass !== 'lost') };
  // What is tried again is not over yet: there is nothing to look at.
  const kept = isRetried ? undefined : reservationOf(job, execution, change.now);
  const kind = kept ? undefined : taskAfterJob(job, exitClass);
  if (kind) {
    change.moveHost(host, taskMoves[kind], patch);
    const { dispatcherId } = execution;
    const task = change.addTask({ hostId: host.id, kind, requestedBy: 'dispatcher', dispatcherId });
    change.passLease(lease, { kind: 'task', id: task.id });
  } else {
    change.moveHost(host, 'release', { ...patch, ...kept });
    change.releaseLease(lease);
  }
}

/** The owner wants to look at the host as the job left it: nobody cleans it, nobody else gets it. */
function reservationOf(job: JobRow, { exitClass, tag }: ExecutionRow, now: number): HostPatch | undefined {
  const wants =
    job.reserveOn === 'always' || (job.reserveOn === 'failure' && exitClass !== 'clean' && exitClass !== 'aborted');
  if (!wants || job.reserveMs <= 0) return undefined;
  return { reservedBy: job.owner, reservedUntil: now + job.reserveMs, reserveReason: `to look at it after ${tag}` };
}
