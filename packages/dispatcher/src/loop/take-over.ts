import type { Cause } from '@autotest/core';
import { Change, type DispatcherRow, type ExecutionRow, type IdSource } from '@autotest/core/db';
import type { Decision } from '../commit/decision.ts';
import type { Settings } from '../options.ts';
import { requeue } from '../plan/ending.ts';
import type { World } from '../world/world.ts';
import type { Membership } from './membership.ts';

export interface TakeOverPort {
  carryOut(decision: Decision): void;
  /** Something could not be changed; it is tried again. */
  onFailed(key: string, error: unknown): void;
  /** Ends an execution that nobody can reach. */
  abandon(execution: ExecutionRow, cause: Cause): void;
  readonly ids: IdSource;
  readonly now: number;
}

/**
 * What becomes of the work of dispatchers that are dead. Its executions are files and processes of its machine: a dispatcher of the same machine goes on with them as if nothing
 * had happened. Where there is none, they are waited for, and end as lost when their machine does not come back. Entries that have no execution yet go back into the queue at
 * once.
 */
export function takeOver(world: World, membership: Membership, settings: Settings, port: TakeOverPort): void {
  const monotonicMs = settings.clock.monotonicMs();
  const byOwner = Map.groupBy(world.executions.values(), ({ dispatcherId }) => dispatcherId);
  for (const dead of world.dispatchers.values()) {
    if (membership.isAlive(dead.id, monotonicMs)) continue;
    const executions = byOwner.get(dead.id) ?? [];
    const heir = heirOf(dead, world, membership, monotonicMs);
    if (heir !== undefined) handOver(world, dead, heir, executions, port);
    else {
      sendBack(world, dead, settings.dispatcherId, port);
      if (membership.deadMs(dead.id) > settings.limits.lostMs)
        for (const one of executions) port.abandon(one, lostCause(dead));
    }
  }
}

/** A living dispatcher of the same machine. */
function heirOf(dead: DispatcherRow, world: World, membership: Membership, monotonicMs: number): string | undefined {
  for (const { id, machine } of world.dispatchers.values())
    if (id !== dead.id && machine === dead.machine && membership.isAlive(id, monotonicMs)) return id;
  return undefined;
}

function handOver(
  world: World,
  dead: DispatcherRow,
  heir: string,
  executions: readonly ExecutionRow[],
  port: TakeOverPort,
): void {
  const isOfDead = ({ dispatcherId }: { readonly dispatcherId?: string }) => dispatcherId === dead.id;
  const entries = [...world.entries.values()].filter(isOfDead);
  const tasks = [...world.tasks.values()].filter(isOfDead);
  // One change each: what somebody else changes at this moment keeps only itself back.
  const groups = [
    ...entries.map((entry) => ({ key: `entry:${entry.id}`, rows: { entries: [entry] } })),
    ...tasks.map((task) => ({ key: `task:${task.id}`, rows: { tasks: [task] } })),
    ...executions.map((execution) => ({ key: `execution:${execution.id}`, rows: { executions: [execution] } })),
  ];
  for (const { key, rows } of groups) carryOut(world, port, key, (change) => change.handOver(rows, heir));
}

/** Entries of a dead dispatcher that have no execution look for another one; tasks of nobody's entry that have none are done by this one. */
function sendBack(world: World, dead: DispatcherRow, ownId: string, port: TakeOverPort): void {
  for (const entry of world.entries.values()) {
    if (entry.dispatcherId !== dead.id || (entry.state !== 'preparing' && entry.state !== 'ready')) continue;
    carryOut(world, port, `entry:${entry.id}`, (change) => requeue(change, world, entry));
  }
  for (const task of world.tasks.values()) {
    if (task.dispatcherId !== dead.id || task.state !== 'queued') continue;
    carryOut(world, port, `task:${task.id}`, (change) => change.handOver({ tasks: [task] }, ownId));
  }
}

/** Puts one change together and has it written. A thing that cannot be changed does not keep the others back. */
function carryOut(world: World, port: TakeOverPort, key: string, fill: (change: Change) => void): void {
  const change = new Change(port.now, port.ids);
  try {
    fill(change);
  } catch (error) {
    port.onFailed(key, error);
    return;
  }
  world.begin(change);
  port.carryOut({ key, change });
}

function lostCause({ id, machine }: DispatcherRow): Cause {
  return {
    code: 'AT_DISPATCHER_LOST',
    message: `the dispatcher ${id} on ${machine} did not come back, and nobody else can reach what it ran`,
  };
}
