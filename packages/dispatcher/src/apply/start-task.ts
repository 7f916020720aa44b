import { join } from 'node:path';
import type { ExecutionRow, HostRow, SchedulingWrite, Snapshot, TaskRow } from '@autotest/core/db';
import { safeFileName } from '@autotest/core/node';
import { liveLease } from '../plan/types.ts';
import type { Settings } from '../options.ts';
import { newSocketPath } from './launch.ts';
import { taskMoves, taskStates } from './preparation.ts';

/** Makes the execution of a queued task, and takes its host where nobody holds it. `undefined`: somebody was faster. */
export async function startTask(
  settings: Settings,
  snapshot: Snapshot,
  task: TaskRow,
): Promise<ExecutionRow | undefined> {
  const host = snapshot.hosts.find(({ id }) => id === task.hostId);
  if (!host) return undefined;
  const held = liveLease(snapshot, host.id);
  return settings.database.scheduling.write(async (w) => {
    const epoch = held?.epoch ?? (await takeHost(settings, w, host, task));
    const tag = `hosts/${safeFileName(host.name)}/${task.id}-${task.kind}`;
    const { verifyMs, repairMs } = settings.limits;
    const execution = await w.addExecution({
      purpose: task.kind,
      taskId: task.id,
      attempt: 1,
      epoch,
      tag,
      resultsDir: join(settings.resultsRoot, tag),
      socketPath: newSocketPath(),
      dispatcherId: settings.dispatcherId,
      deadlineAt: settings.clock.now() + (task.kind === 'verify' ? verifyMs : repairMs),
    });
    await w.moveTask(task, 'start', { executionId: execution.id });
    return execution;
  });
}

/** Queues a task that no entry asked for and takes its host for it. False: somebody was faster. */
export async function addOwnTask(settings: Settings, host: HostRow, kind: TaskRow['kind']): Promise<boolean> {
  const done = await settings.database.scheduling.write(async (w) => {
    const task = await w.addTask({ hostId: host.id, kind, requestedBy: 'dispatcher' });
    await takeHost(settings, w, host, task);
    return true;
  });
  return done ?? false;
}

async function takeHost(settings: Settings, w: SchedulingWrite, host: HostRow, task: TaskRow): Promise<number> {
  const until = settings.clock.now() + settings.limits.leaseMs;
  const lease = await w.takeLease(host.id, { kind: 'task', id: task.id }, settings.dispatcherId, until);
  if (host.state !== taskStates[task.kind]) await w.moveHost(host, taskMoves[task.kind]);
  return lease.epoch;
}
