import type { EntryRow, ExecutionRow, SchedulingWrite, Snapshot } from '@autotest/core/db';
import type { Settings } from '../options.ts';
import { outcomeOf, taskAfterJob } from './after-job.ts';
import { persist } from './persist.ts';
import { taskMoves } from './preparation.ts';

/**
 * Closes an execution whose journal is in the rows to its last record: its entries get their outcome, its hosts are let go or made fit again. One
 * transaction, so that it happens once.
 *
 * @param gather the execution that collected what this one left behind
 */
export function settleJob(settings: Settings, executionId: number, gather?: ExecutionRow): Promise<true> {
  return persist(`execution ${executionId}`, async () => {
    const snapshot = await settings.database.scheduling.snapshot();
    const execution = snapshot.executions.find(({ id }) => id === executionId);
    if (!execution || execution.state !== 'ended') return true;
    const collector = gather && snapshot.executions.find(({ id }) => id === gather.id);
    const entries = snapshot.entries.filter((entry) => entry.executionId === executionId);
    return settings.database.scheduling.write(async (w): Promise<true> => {
      await w.closeNodes(executionId, 'abort', execution.cause?.message ?? 'its end was never told');
      await w.moveExecution(execution, 'ingest');
      if (collector?.state === 'ended') await w.moveExecution(collector, 'ingest');
      for (const entry of entries) await finishEntry(w, entry, execution);
      for (const entry of entries) await letGo(settings, w, snapshot, entry, execution);
      return true;
    });
  });
}

async function finishEntry(w: SchedulingWrite, entry: EntryRow, execution: ExecutionRow): Promise<void> {
  const outcome = outcomeOf(execution.exitClass ?? 'lost');
  let row = entry;
  if (row.state === 'gathering') row = await w.moveEntry(row, 'gathered');
  if (row.state === 'parsing') row = await w.moveEntry(row, 'parsed');
  if (row.state === 'archiving')
    await w.moveEntry(row, 'archived', { outcome, ...(execution.cause && { cause: execution.cause }) });
}

async function letGo(
  settings: Settings,
  w: SchedulingWrite,
  snapshot: Snapshot,
  entry: EntryRow,
  execution: ExecutionRow,
): Promise<void> {
  const host = snapshot.hosts.find(({ id }) => id === entry.hostId);
  const job = snapshot.jobs.get(entry.jobId);
  const lease = host && snapshot.leases.get(host.id);
  if (!host || !job || lease?.holder.kind !== 'entry' || lease.holder.id !== entry.id) return;
  if (host.state !== 'running') {
    settings.log.warn('a host was not running its job at the end', { host: host.name, state: host.state, job: job.id });
    return;
  }
  const kind = taskAfterJob(job, execution.exitClass ?? 'lost');
  if (kind) {
    await w.moveHost(host, taskMoves[kind]);
    const task = await w.addTask({ hostId: host.id, kind, requestedBy: 'dispatcher' });
    await w.passLease(host.id, lease.epoch, { kind: 'task', id: task.id });
  } else {
    await w.moveHost(host, 'release');
    await w.releaseLease(host.id, lease.epoch);
  }
}
