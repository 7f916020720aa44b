import { executionMachine } from '../../../model/execution.ts';
import { isTerminal } from '../../../model/machine.ts';
import type { LookupStore, ResultCountRow } from '../../database.ts';
import type { HostRow, LeaseRow, ResultNodeRow, TaskRow } from '../../rows.ts';
import type { Tables } from '../../schema.ts';
import type { Session } from '../../session.ts';
import { chunks, rowReader } from '../../values.ts';
import { hostRow } from '../hosts/row.ts';
import { entryRow, executionRow, jobRow, taskRow } from '../jobs/rows.ts';
import { positionsOf } from './positions.ts';
import { waitRow } from '../scheduling/waits.ts';
import { nodeRow, readMetrics } from '../results/read-rows.ts';
import { suiteRow } from '../suites/row.ts';

const countRow = rowReader<ResultCountRow>();

export function lookupStore(session: Session): LookupStore {
  return {
    jobs: (ids) => byIds(session, 'jobs', ids, jobRow),
    hosts: (ids) => byIds(session, 'hosts', ids, hostRow),
    entries: (ids) => byIds(session, 'entries', ids, entryRow),
    executions: (ids) => byIds(session, 'executions', ids, executionRow),
    tasks: (ids) => byIds(session, 'tasks', ids, taskRow),
    waits: (ids) => byIds(session, 'waits', ids, waitRow),
    nodes: (ids) => byIds(session, 'result_nodes', ids, nodeRow),
    suites: (ids) => byIds(session, 'suites', ids, suiteRow),
    hostsNamed: (names) => hostsNamed(session, names),
    groupsOf: (hostIds) => groupsOf(session, hostIds),
    executionsOf: () => executionsOf(session),
    holders: (hostIds) => holders(session, hostIds),
    openTasksOf: (entryIds) => openTasksOf(session, entryIds),
    positions: (entryIds) => positionsOf(session, entryIds),
    nodesOfJobs: (jobIds, first) => nodesOfJobs(session, jobIds, first),
    metrics: async (nodeIds) => Map.groupBy(await readMetrics(session, nodeIds), ({ nodeId }) => nodeId),
    resultCounts: (jobIds) => resultCounts(session, jobIds),
  };
}

type WithId = 'jobs' | 'hosts' | 'entries' | 'executions' | 'tasks' | 'waits' | 'result_nodes' | 'suites';

async function byIds<Row extends { readonly id: number }>(
  { db }: Session,
  table: WithId & keyof Tables,
  ids: readonly number[],
  read: (raw: object) => Row,
): Promise<Map<number, Row>> {
  const found = new Map<number, Row>();
  for (const part of chunks(ids)) {
    const rows = await db.selectFrom(table).selectAll().where('id', 'in', part).execute();
    for (const row of rows.map(read)) found.set(row.id, row);
  }
  return found;
}

async function hostsNamed({ db }: Session, names: readonly string[]): Promise<Map<string, HostRow>> {
  const found = new Map<string, HostRow>();
  for (const part of chunks(names)) {
    const rows = await db.selectFrom('hosts').selectAll().where('name', 'in', part).execute();
    for (const row of rows.map(hostRow)) found.set(row.name, row);
  }
  return found;
}

async function groupsOf({ db }: Session, hostIds: readonly number[]): Promise<Map<number, string[]>> {
  const found = new Map<number, string[]>();
  for (const part of chunks(hostIds)) {
    const rows = await db
      .selectFrom('acl_hosts')
      .innerJoin('acl_groups', 'acl_groups.id', 'acl_hosts.groupId')
      .select(['acl_hosts.hostId', 'acl_groups.name'])
      .where('acl_hosts.hostId', 'in', part)
      .orderBy('acl_groups.name')
      .execute();
    for (const { hostId, name } of rows) found.set(hostId, [...(found.get(hostId) ?? []), name]);
  }
  return found;
}

/** States are listed, not excluded, so that the index on them serves. */
async function executionsOf({ db }: Session): Promise<Map<string, number>> {
  const open = executionMachine.states.filter((state) => !isTerminal(executionMachine, state));
  const rows = await db
    .selectFrom('executions')
    .select(({ fn }) => ['dispatcherId', fn.countAll<number | string>().as('count')])
    .where('state', 'in', open)
    .groupBy('dispatcherId')
    .execute();
  return new Map(rows.map(({ dispatcherId, count }) => [dispatcherId, Number(count)]));
}

async function holders({ db }: Session, hostIds: readonly number[]): Promise<Map<number, LeaseRow['holder']>> {
  const found = new Map<number, LeaseRow['holder']>();
  for (const part of chunks(hostIds)) {
    const rows = await db
      .selectFrom('leases')
      .select(['hostId', 'holderKind', 'holderId'])
      .where('hostId', 'in', part)
      .where('holderKind', 'is not', null)
      .execute();
    for (const { hostId, holderKind, holderId } of rows)
      found.set(hostId, { kind: holderKind === 'task' ? 'task' : 'entry', id: holderId ?? 0 });
  }
  return found;
}

async function openTasksOf({ db }: Session, entryIds: readonly number[]): Promise<TaskRow[]> {
  const tasks: TaskRow[] = [];
  for (const part of chunks(entryIds)) {
    const rows = await db
      .selectFrom('tasks')
      .selectAll()
      .where('entryId', 'in', part)
      .where('state', 'in', ['queued', 'running'])
      .orderBy('id')
      .execute();
    tasks.push(...rows.map(taskRow));
  }
  return tasks;
}

async function nodesOfJobs({ db }: Session, jobIds: readonly number[], first: number): Promise<ResultNodeRow[]> {
  const nodes: ResultNodeRow[] = [];
  for (const part of chunks(jobIds)) {
    const rows = await db
      .selectFrom('result_nodes')
      .selectAll()
      .where('jobId', 'in', part)
      .orderBy('jobId')
      .orderBy('executionId')
      .orderBy('seq')
      .limit(first)
      .execute();
    nodes.push(...rows.map(nodeRow));
  }
  return nodes;
}

async function resultCounts({ db }: Session, jobIds: readonly number[]): Promise<ResultCountRow[]> {
  const counts: ResultCountRow[] = [];
  for (const part of chunks(jobIds)) {
    const rows = await db
      .selectFrom('result_nodes')
      .select(({ fn }) => ['jobId', 'outcome', fn.countAll<number | string>().as('count')])
      .where('jobId', 'in', part)
      .where('node', 'in', ['test', 'command'])
      .groupBy(['jobId', 'outcome'])
      .execute();
    counts.push(...rows.map((row) => countRow({ ...row, count: Number(row.count) })));
  }
  return counts;
}
