import { join } from 'node:path';
import type { Change, ExecutionRow, TaskRow } from '@autotest/core/db';
import { safeFileName } from '@autotest/core/node';
import type { Settings } from '../options.ts';
import type { World } from '../world/world.ts';
import { newSocketPath } from './launch.ts';

/** Makes the execution of a queued task. undefined: its host is gone, or held by somebody else. */
export function startTask(change: Change, world: World, settings: Settings, task: TaskRow): ExecutionRow | undefined {
  const host = world.hosts.get(task.hostId);
  const lease = world.heldLease(task.hostId);
  const entry = task.entryId === undefined ? undefined : world.entries.get(task.entryId);
  if (!host || !lease) return undefined;
  const isHolder = lease.holder.kind === 'task' ? lease.holder.id === task.id : lease.holder.id === task.entryId;
  if (!isHolder) return undefined;
  const tag = `hosts/${safeFileName(host.name)}/${task.id}-${task.kind}`;
  const { verifyMs, repairMs } = settings.limits;
  const execution = change.addExecution({
    purpose: task.kind,
    taskId: task.id,
    attempt: 1,
    epoch: lease.epoch,
    tag,
    resultsDir: join(settings.resultsRoot, tag),
    socketPath: newSocketPath(),
    dispatcherId: settings.dispatcherId,
    executor: settings.executors.name,
    deadlineAt: change.now + (task.kind === 'verify' ? verifyMs : repairMs),
  });
  change.moveTask(task, 'start', { executionId: execution.id, ...(entry && { entry }) });
  return execution;
}
