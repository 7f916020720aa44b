import type { Insertable, Selectable } from 'kysely';
import type { ExecutionRow } from '../../rows.ts';
import type { Tables } from '../../schema.ts';
import type { Tx } from '../../session.ts';
import { upsert } from '../../upsert.ts';
import { chunks, orNull, sha1 } from '../../values.ts';
import { readNodeKind, readOriginal } from './strangers.ts';
import type { WorkKeyval } from './batch.ts';
import type { WorkNode } from './work-node.ts';

type NodeColumns = Tables['result_nodes'];

/** Rows of one statement: with paths and reasons of full length it stays below the 16 MiB that MariaDB takes. */
const rowsPerStatement = 100;

/** All attempts of the nodes with these paths. */
export async function loadNodes(tx: Tx, executionId: number, paths: readonly string[]): Promise<WorkNode[]> {
  const nodes: WorkNode[] = [];
  for (const part of chunks(paths)) {
    const rows = await tx.db
      .selectFrom('result_nodes')
      .selectAll()
      .where('executionId', '=', executionId)
      .where('pathKey', 'in', part.map(sha1))
      .execute();
    nodes.push(...rows.map(workNode));
  }
  return nodes;
}

/** Highest `seq` of the execution's nodes; 0 for none. */
export async function lastNodeSeq(tx: Tx, executionId: number): Promise<number> {
  const row = await tx.db
    .selectFrom('result_nodes')
    .select('seq')
    .where('executionId', '=', executionId)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.seq ?? 0;
}

/** Stores nodes that changed, level by level since children need the ids of their parents; new ones get theirs. */
export async function saveNodes(tx: Tx, execution: ExecutionRow, nodes: readonly WorkNode[]): Promise<void> {
  const levels = Map.groupBy(
    nodes.filter((node) => node.changed),
    (node) => node.depth,
  );
  for (const depth of [...levels.keys()].sort((a, b) => a - b)) {
    for (const part of chunks(levels.get(depth) ?? [], rowsPerStatement)) {
      const rows = part.map((node) => columnsOf(execution, node));
      await upsert(tx, 'result_nodes', rows, { key: ['executionId', 'pathKey', 'attempt'], update: updatable });
      await giveIds(tx, execution.id, part);
    }
  }
}

async function giveIds(tx: Tx, executionId: number, nodes: readonly WorkNode[]): Promise<void> {
  const fresh = nodes.filter((node) => node.id === undefined);
  if (fresh.length === 0) return;
  const rows = await tx.db
    .selectFrom('result_nodes')
    .select(['id', 'pathKey', 'attempt'])
    .where('executionId', '=', executionId)
    .where(
      'pathKey',
      'in',
      fresh.map((node) => node.pathKey),
    )
    .execute();
  const ids = new Map(rows.map((row) => [`${row.pathKey} ${row.attempt}`, row.id]));
  for (const node of fresh) node.id = ids.get(`${node.pathKey} ${node.attempt}`);
}

/** Stores what was measured; the nodes must be stored already. */
export async function saveMetrics(tx: Tx, nodes: readonly WorkNode[]): Promise<void> {
  const rows = nodes.flatMap(({ id, metrics }) =>
    id === undefined ? [] : [...metrics.values()].map((metric) => Object.assign({ nodeId: id }, metric)),
  );
  for (const part of chunks(rows))
    await upsert(tx, 'metrics', part, {
      key: ['nodeId', 'iteration', 'name'],
      update: ['value', 'unit', 'direction'],
    });
}

export async function saveKeyvals(tx: Tx, executionId: number, keyvals: Iterable<WorkKeyval>): Promise<void> {
  const rows = [...keyvals].map((keyval) => Object.assign({ executionId }, keyval));
  // Values are as long as a journal line may be, so few fit into one statement.
  for (const part of chunks(rows, 10))
    await upsert(tx, 'execution_keyvals', part, { key: ['executionId', 'pathKey', 'name'], update: ['value'] });
}

const updatable = [
  'parentId',
  'node',
  'name',
  'outcome',
  'originalOutcome',
  'reason',
  'host',
  'subdir',
  'startedAt',
  'endedAt',
] as const;

function columnsOf(execution: ExecutionRow, node: WorkNode): Insertable<NodeColumns> {
  return {
    executionId: execution.id,
    jobId: orNull(execution.jobId),
    parentId: orNull(node.parent?.id ?? node.parentId),
    path: node.path,
    pathKey: node.pathKey,
    depth: node.depth,
    node: node.node,
    name: node.name,
    attempt: node.attempt,
    outcome: orNull(node.outcome),
    originalOutcome: orNull(node.originalOutcome),
    reason: orNull(node.reason),
    host: orNull(node.host),
    subdir: orNull(node.subdir),
    startedAt: orNull(node.startedAt),
    endedAt: orNull(node.endedAt),
    seq: node.seq,
  };
}

function workNode(row: Selectable<NodeColumns>): WorkNode {
  return {
    id: row.id,
    path: row.path,
    pathKey: row.pathKey,
    depth: row.depth,
    seq: row.seq,
    parent: undefined,
    parentId: row.parentId ?? undefined,
    node: readNodeKind(row.node),
    name: row.name,
    attempt: row.attempt,
    outcome: readOriginal(row.outcome),
    originalOutcome: readOriginal(row.originalOutcome),
    reason: row.reason ?? undefined,
    host: row.host ?? undefined,
    subdir: row.subdir ?? undefined,
    startedAt: row.startedAt ?? undefined,
    endedAt: row.endedAt ?? undefined,
    changed: false,
    metrics: new Map(),
  };
}
