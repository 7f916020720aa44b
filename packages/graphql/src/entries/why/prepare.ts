import type { TaskKind } from '@autotest/core';
import type { EntryRow, ExecutionRow, TaskRow } from '@autotest/core/db';
import type { Loaders } from '../../loaders.ts';

/** What makes the host of an entry fit for it at this moment. */
export interface Preparation {
  /** Its name. */
  readonly host: string;
  /** `is being verified`, for people. */
  readonly doing: string;
  /** Undefined: one task is over, and what comes next is being decided. */
  readonly task?: TaskRow;
  readonly execution?: ExecutionRow;
}

const words: Readonly<Record<TaskKind, string>> = {
  verify: 'verified',
  repair: 'repaired',
  cleanup: 'cleaned',
  provision: 'provisioned',
};

export async function prepare({ id, hostId }: EntryRow, loaders: Loaders): Promise<Preparation> {
  const host = hostId === undefined ? undefined : await loaders.host.load(hostId);
  const name = host?.name ?? 'its host';
  const task = (await loaders.openTasksOf.load(id))[0];
  if (!task) return { host: name, doing: 'is being made ready' };
  const execution = task.executionId === undefined ? undefined : await loaders.execution.load(task.executionId);
  const doing = `${task.state === 'running' ? 'is being' : 'is about to be'} ${words[task.kind]}`;
  return { host: name, doing, task, ...(execution && { execution }) };
}
