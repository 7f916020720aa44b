import type { Cause, ExitClass, TaskOutcome } from '@autotest/core';
import type {
  EntryRow,
  ExecutionRow,
  HostRow,
  JobRow,
  LeaseRow,
  SchedulingWrite,
  Snapshot,
  TaskRow,
} from '@autotest/core/db';
import type { Settings } from '../options.ts';
import { afterTask, type EndedTask, type NextStep, reverifyDelay } from './after-task.ts';
import { persist } from './persist.ts';
import { taskMoves } from './preparation.ts';

const outcomes: Readonly<Record<ExitClass, TaskOutcome>> = {
  clean: 'passed',
  testFailures: 'failed',
  infra: 'failed',
  timedOut: 'failed',
  aborted: 'aborted',
  lost: 'lost',
};

/** How far back one looks for the tasks that belong to one attempt to make a host fit. */
const historyLength = 50;

/** Closes the execution of a special task: the task ends, and what follows it for its host and entry begins, in one transaction. */
export function settleTask(settings: Settings, executionId: number): Promise<true> {
  return persist(`execution ${executionId}`, async () => {
    const snapshot = await settings.database.scheduling.snapshot();
    const execution = snapshot.executions.find(({ id }) => id === executionId);
    if (!execution || execution.state !== 'ended') return true;
    const task = snapshot.tasks.find(({ id }) => id === execution.taskId);
    const host = snapshot.hosts.find(({ id }) => id === task?.hostId);
    const history = host ? await settings.database.jobs.tasksOf({ hostId: host.id, first: historyLength }) : [];
    return settings.database.scheduling.write(async (w): Promise<true> => {
      await w.moveExecution(execution, 'ingest');
      if (!task || !host || task.state !== 'running') return true;
      const outcome = isControllerFault(execution) ? 'lost' : outcomes[execution.exitClass ?? 'lost'];
      await w.moveTask(task, 'end', { outcome, ...(execution.cause && { cause: execution.cause }) });
      const lease = snapshot.leases.get(host.id);
      const entry = waitingEntry(snapshot, task, lease);
      const job = entry && snapshot.jobs.get(entry.jobId);
      if (!lease || (!entry && lease.holder.id !== task.id)) return true;
      // A host is clean after its cleanup, whatever comes next.
      const cleaned = task.kind === 'cleanup' && outcome === 'passed';
      const earlier = history.filter(({ id }) => id < task.id).sort((a, b) => b.id - a.id);
      const fit = { ...host, dirty: host.dirty && !cleaned };
      const ended = { kind: task.kind, outcome, host: fit, job: entry && job, earlier, entryId: task.entryId };
      const affair: Affair = { settings, w, task, host, lease, entry, cleaned, ended, execution };
      await follow(affair, afterTask(ended));
      return true;
    });
  });
}

/** What this machine could not do says nothing of the host. */
function isControllerFault({ cause }: ExecutionRow): boolean {
  return cause?.code === 'AT_RESULTS_DISK_FULL' || cause?.code === 'AT_JOURNAL_WRITE';
}

interface Affair {
  readonly settings: Settings;
  readonly w: SchedulingWrite;
  readonly task: TaskRow;
  readonly host: HostRow;
  readonly lease: LeaseRow;
  readonly entry: EntryRow | undefined;
  readonly cleaned: boolean;
  readonly ended: EndedTask & { readonly job: JobRow | undefined };
  readonly execution: ExecutionRow;
}

/** The entry for which the task made the host ready, if it still wants it. */
function waitingEntry(snapshot: Snapshot, task: TaskRow, lease: LeaseRow | undefined): EntryRow | undefined {
  const entry = snapshot.entries.find(({ id }) => id === task.entryId);
  const isHolder = lease?.holder.kind === 'entry' && lease.holder.id === entry?.id;
  return entry?.state === 'preparing' && isHolder ? entry : undefined;
}

async function follow(affair: Affair, next: NextStep): Promise<void> {
  const { w, host, lease, entry, task, cleaned } = affair;
  const patch = { ...(cleaned && { dirty: false }), reverifyAt: null };
  switch (next.step) {
    case 'task': {
      const isSameState = next.kind === task.kind;
      if (!isSameState) await w.moveHost(host, taskMoves[next.kind], patch);
      const added = await w.addTask({
        hostId: host.id,
        ...(entry && { entryId: entry.id }),
        kind: next.kind,
        requestedBy: 'dispatcher',
      });
      if (!entry) await w.passLease(host.id, lease.epoch, { kind: 'task', id: added.id });
      return;
    }
    case 'ready':
      await becomeReady(affair, patch);
      return;
    case 'release':
      await w.moveHost(host, 'release', patch);
      await w.releaseLease(host.id, lease.epoch);
      return;
    case 'set_aside':
      await setAside(affair);
  }
}

/** From cleaning a host cannot be held at once: it is free for the blink of a transaction. */
async function becomeReady({ w, host, entry }: Affair, patch: { dirty?: boolean; reverifyAt: null }): Promise<void> {
  if (!entry) return;
  const released = host.state === 'verifying' ? host : await w.moveHost(host, 'release', patch);
  await w.moveHost(released, 'reserve', patch);
  await w.moveEntry(entry, 'host_ready');
}

async function setAside(affair: Affair): Promise<void> {
  const { settings, w, host, lease, entry, task, ended, execution } = affair;
  const { reverifyMs, maxReverifyMs } = settings.limits;
  const evidence = `${task.kind} of ${host.name} failed: ${execution.cause?.message ?? 'no reason was given'}`;
  const delayMs = reverifyDelay(ended.earlier, reverifyMs, maxReverifyMs);
  await w.moveHost(host, 'set_aside', { reverifyAt: settings.clock.now() + delayMs, reason: evidence });
  await w.releaseLease(host.id, lease.epoch);
  if (entry) await goOnWithout(affair, entry, { code: 'AT_HOST_UNFIT', message: evidence });
}

/** An entry with a host to choose looks for another one, a few times. */
async function goOnWithout({ settings, w, host, ended }: Affair, entry: EntryRow, cause: Cause): Promise<void> {
  const hostFailures = entry.hostFailures + 1;
  const patch = {
    hostFailures,
    triedHostIds: [...new Set([...entry.triedHostIds, host.id])],
    ...(ended.earlier.some(({ kind, entryId }) => kind === 'repair' && entryId === entry.id) && {
      repairedHostIds: [...new Set([...entry.repairedHostIds, host.id])],
    }),
  };
  if (entry.named || hostFailures >= settings.limits.hostFailureBudget)
    await w.moveEntry(entry, 'give_up', { ...patch, outcome: 'error', cause });
  else await w.moveEntry(entry, 'host_failed', { ...patch, hostId: null });
}
