import type { Cause, ExitClass, TaskOutcome } from '@autotest/core';
import type { Change, EntryRow, ExecutionRow, HostPatch, HostRow, LeaseRow, TaskRow } from '@autotest/core/db';
import { ContendedError } from '../errors.ts';
import type { Settings } from '../options.ts';
import { taskMoves } from '../plan/assign.ts';
import type { World } from '../world/world.ts';
import { afterTask, isRepairInVain, reverifyDelay, type EndedTask, type NextStep } from './after-task.ts';
import { healthAfter } from './health.ts';

const outcomes: Readonly<Record<ExitClass, TaskOutcome>> = {
  clean: 'passed',
  testFailures: 'failed',
  infra: 'failed',
  timedOut: 'failed',
  aborted: 'aborted',
  lost: 'lost',
};

/**
 * Closes the execution of a special task: the task ends, and what follows it for its host and entry begins, in one change.
 *
 * @param history latest tasks of the host
 * @throws ContendedError
 */
export function settleTask(
  change: Change,
  world: World,
  settings: Settings,
  execution: ExecutionRow,
  history: readonly TaskRow[],
): void {
  const task = execution.taskId === undefined ? undefined : world.tasks.get(execution.taskId);
  const host = task && world.hosts.get(task.hostId);
  // A task ends with its execution: where it is not known as running, what is known is behind, and closing the execution alone would leave the task for ever.
  if (!task || !host || task.state !== 'running') throw new ContendedError(`the task of execution ${execution.id}`);
  change.moveExecution(execution, 'ingest');
  const outcome = isControllerFault(execution) ? 'lost' : outcomes[execution.exitClass ?? 'lost'];
  const known = world.leases.get(host.id);
  // Whether an entry waits for the host, or wants it no more, is seen by its lease.
  if (known) change.relyOnLease(known);
  const lease = world.heldLease(host.id);
  const entry = waitingEntry(world, task, lease);
  const cause = execution.cause && { cause: execution.cause };
  change.moveTask(task, 'end', { outcome, ...cause, ...(entry && { entry }) });
  if (!lease || (!entry && (lease.holder.kind !== 'task' || lease.holder.id !== task.id))) return;
  const job = entry && world.jobs.get(entry.jobId);
  const about = {
    kind: task.kind,
    outcome,
    job,
    earlier: history.filter(({ id, state }) => id !== task.id && state === 'finished').sort(byEnd),
    entryId: task.entryId,
  };
  const patch: HostPatch = {
    ...patchOf(task, host, outcome, job?.provision, change.now),
    ...(isRepairInVain({ ...about, host }) && { repairFailures: host.repairFailures + 1 }),
  };
  const ended: EndedTask = { ...about, host: withPatch(host, patch) };
  const { maxRepairs, repairCoolDownMs } = settings.limits;
  const next = afterTask(ended, { maxRepairs, coolDownMs: repairCoolDownMs }, change.now);
  follow({ change, settings, task, host, lease, entry, patch, ended, execution }, next);
}

/** The latest first. Ids do not tell: each dispatcher has blocks of its own. */
function byEnd(a: TaskRow, b: TaskRow): number {
  return (b.finishedAt ?? 0) - (a.finishedAt ?? 0) || b.createdAt - a.createdAt || b.id - a.id;
}

/** What this machine could not do says nothing of the host. */
function isControllerFault({ cause }: ExecutionRow): boolean {
  return cause?.code === 'AT_RESULTS_DISK_FULL' || cause?.code === 'AT_JOURNAL_WRITE';
}

interface Affair {
  readonly change: Change;
  readonly settings: Settings;
  readonly task: TaskRow;
  readonly host: HostRow;
  readonly lease: LeaseRow;
  readonly entry: EntryRow | undefined;
  readonly patch: HostPatch;
  readonly ended: EndedTask;
  readonly execution: ExecutionRow;
}

/** The entry for which the task made the host ready, if it still wants it. */
function waitingEntry(world: World, task: TaskRow, lease: LeaseRow | undefined): EntryRow | undefined {
  const entry = task.entryId === undefined ? undefined : world.entries.get(task.entryId);
  const isHolder = lease?.holder?.kind === 'entry' && lease.holder.id === entry?.id;
  return entry?.state === 'preparing' && isHolder ? entry : undefined;
}

/** What the task says of the host. */
function patchOf(
  task: TaskRow,
  host: HostRow,
  outcome: TaskOutcome,
  image: string | undefined,
  now: number,
): HostPatch {
  const isFit = outcome === 'passed';
  return {
    reverifyAt: null,
    // A host is clean after its cleanup, whatever comes next.
    ...(task.kind === 'cleanup' && isFit && { dirty: false }),
    ...(task.kind === 'provision' && isFit && image !== undefined && { image }),
    ...(task.kind === 'repair' && outcome !== 'aborted' && { repairedAt: now }),
    ...(task.kind === 'verify' && isFit && { repairFailures: 0 }),
    ...((isFit || outcome === 'failed') && { health: healthAfter(host.health, isFit) }),
  };
}

function withPatch(host: HostRow, { dirty, image, repairFailures, repairedAt }: HostPatch): HostRow {
  return {
    ...host,
    ...(dirty !== undefined && { dirty }),
    ...(typeof image === 'string' && { image }),
    ...(repairFailures !== undefined && { repairFailures }),
    ...(typeof repairedAt === 'number' && { repairedAt }),
  };
}

function follow(affair: Affair, next: NextStep): void {
  const { change, host, lease, entry, task, patch } = affair;
  switch (next.step) {
    case 'task': {
      if (next.kind === task.kind) change.patchHost(host, patch, 'dispatcher');
      else change.moveHost(host, taskMoves[next.kind], patch);
      const added = change.addTask({
        hostId: host.id,
        ...(entry && { entry }),
        kind: next.kind,
        requestedBy: task.requestedBy,
        ...(task.dispatcherId !== undefined && { dispatcherId: task.dispatcherId }),
      });
      if (!entry) change.passLease(lease, { kind: 'task', id: added.id });
      return;
    }
    case 'ready':
      becomeReady(affair);
      return;
    case 'release':
      change.moveHost(host, 'release', patch);
      change.releaseLease(lease);
      return;
    case 'set_aside':
      setAside(affair);
  }
}

/** From cleaning a host cannot be held at once: it is free for the blink of a change. */
function becomeReady({ change, host, entry, patch }: Affair): void {
  if (!entry) return;
  const released = host.state === 'verifying' ? host : change.moveHost(host, 'release', patch);
  change.moveHost(released, 'reserve', patch);
  change.moveEntry(entry, 'host_ready');
}

function setAside(affair: Affair): void {
  const { change, settings, host, lease, entry, task, ended, execution, patch } = affair;
  const { reverifyMs, maxReverifyMs } = settings.limits;
  const evidence = `${task.kind} of ${host.name} failed: ${execution.cause?.message ?? 'no reason was given'}`;
  const delayMs = reverifyDelay(ended.earlier, reverifyMs, maxReverifyMs);
  change.moveHost(host, 'set_aside', { ...patch, reverifyAt: change.now + delayMs, reason: evidence });
  change.releaseLease(lease);
  if (entry) goOnWithout(affair, entry, { code: 'AT_HOST_UNFIT', message: evidence });
}

/** An entry with a host to choose looks for another one, a few times. */
function goOnWithout({ change, settings, host, ended }: Affair, entry: EntryRow, cause: Cause): void {
  const hostFailures = entry.hostFailures + 1;
  const patch = {
    hostFailures,
    dispatcherId: null,
    triedHostIds: [...new Set([...entry.triedHostIds, host.id])],
    ...(ended.earlier.some(({ kind, entryId }) => kind === 'repair' && entryId === entry.id) && {
      repairedHostIds: [...new Set([...entry.repairedHostIds, host.id])],
    }),
  };
  if (entry.named || hostFailures >= settings.limits.hostFailureBudget)
    change.moveEntry(entry, 'give_up', { ...patch, outcome: 'error', cause });
  else change.moveEntry(entry, 'host_failed', { ...patch, hostId: null });
}
