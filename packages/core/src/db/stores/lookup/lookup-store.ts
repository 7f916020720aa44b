import type { LookupStore, ResultCountRow } from '../../database.ts';
import type { HostRow, LeaseRow, ResultNodeRow } from '../../rows.ts';
import type { Tables } from '../../schema.ts';
import type { Session } from '../../session.ts';
import { chunks, rowReader } from '../../values.ts';
import { hostRow } from '../hosts/row.ts';
import { entryRow, executionRow, jobRow, taskRow } from '../jobs/rows.ts';
import { waitRow } from '../scheduling/waits.ts';
import { nodeRow, readMetrics } from '../results/read-rows.ts';

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
    hostsNamed: (names) => hostsNamed(session, names),
    holders: (hostIds) => holders(session, hostIds),
    nodesOfJobs: (jobIds, first) => nodesOfJobs(session, jobIds, first),
    metrics: async (nodeIds) => Map.groupBy(await readMetrics(session, nodeIds), ({ nodeId }) => nodeId),
    resultCounts: (jobIds) => resultCounts(session, jobIds),
  };
}

type WithId = 'jobs' | 'hosts' | 'entries' | 'executions' | 'tasks' | 'waits' | 'result_nodes';

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
