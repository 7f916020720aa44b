import type { Committed, Fence } from '../../database.ts';
import type { Session } from '../../session.ts';
import { saveDurations } from '../durations/save.ts';
import { closeNodes } from '../results/close-nodes.ts';
import { bulkInsert, bulkUpdate, bulkUpsert } from './bulk.ts';
import type { Change, Touched } from './change.ts';
import {
  entryColumns,
  entryValues,
  executionColumns,
  executionValues,
  hostColumns,
  hostValues,
  leaseColumns,
  leaseValues,
  newExecutionColumns,
  newExecutionValues,
  newTaskColumns,
  newTaskValues,
  taskColumns,
  taskValues,
} from './columns.ts';
import { saveProgress } from './job-progress.ts';
import { accept } from './known-rows.ts';
import { lockRows } from './lock-rows.ts';
import { checkFence } from './roles.ts';

const updateEntries = bulkUpdate('entries', 'id', entryColumns);
const updateHosts = bulkUpdate('hosts', 'id', hostColumns);
const insertExecutions = bulkInsert('executions', newExecutionColumns);
const updateExecutions = bulkUpdate('executions', 'id', executionColumns);
const insertTasks = bulkInsert('tasks', newTaskColumns);
const updateTasks = bulkUpdate('tasks', 'id', taskColumns);
const saveLeases = bulkUpsert('leases', 'hostId', leaseColumns);

/**
 * Carries out many changes in one transaction: each one as a whole or not at all. Changes that build on each other come in their order; one whose rows are not as it
 * knew them is left out, and so is what builds on it.
 *
 * The number of statements does not depend on the number of changes. Rows that another transaction has at this moment are not waited for (SKIP LOCKED): changes that
 * need them count as lost and are planned again. Locks are taken in the order jobs, entries, executions, tasks, hosts, leases, as everywhere.
 *
 * @throws FencedError
 */
export async function commit(
  session: Session,
  changes: readonly Change[],
  fence: Fence | undefined,
): Promise<Committed> {
  const { result, events } = await session.writeTelling(async (tx) => {
    if (fence) await checkFence(tx, fence);
    const rows = await lockRows(tx, changes);
    const committed = changes.map((change) => accept(rows, change));
    const accepted = changes.filter((_, index) => committed[index]);
    if (accepted.length === 0) return { committed, jobs: [] };
    await updateEntries(tx, lastOf(accepted, ({ entries }) => entries).map(entryValues));
    await updateHosts(tx, lastOf(accepted, ({ hosts }) => hosts).map(hostValues));
    await insertExecutions(
      tx,
      accepted.flatMap(({ newExecutions }) => newExecutions.map(newExecutionValues)),
    );
    await updateExecutions(tx, lastOf(accepted, ({ executions }) => executions).map(executionValues));
    await insertTasks(
      tx,
      accepted.flatMap(({ newTasks }) => newTasks.map(newTaskValues)),
    );
    await updateTasks(tx, lastOf(accepted, ({ tasks }) => tasks).map(taskValues));
    await saveLeases(tx, lastOf(accepted, ({ leases }) => leases).map(leaseValues));
    const writer = fence && `${fence.dispatcherId}@${fence.epoch}`;
    for (const change of accepted)
      for (const event of change.events)
        tx.emit(writer === undefined ? event : { ...event, data: { ...event.data, writer } });
    await closeNodes(
      tx,
      accepted.flatMap(({ closedNodes }) => closedNodes),
    );
    const jobs = await saveProgress(tx, rows.jobs, accepted);
    await saveDurations(tx, rows.jobs, accepted);
    return { committed, jobs };
  });
  for (const [index, change] of changes.entries()) if (result.committed[index]) change.fate.isCommitted = true;
  return { ...result, ...(events?.areAll === true && { events: { first: events.first, last: events.last } }) };
}

/** Each row once, as the last change leaves it. */
function lastOf<Row>(
  changes: readonly Change[],
  rowsOf: (change: Change) => ReadonlyMap<number, Pick<Touched<Row>, 'after'>>,
): Row[] {
  const rows = new Map<number, Row>();
  for (const change of changes) for (const [id, { after }] of rowsOf(change)) rows.set(id, after);
  return [...rows.values()];
}
