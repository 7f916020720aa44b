import type { JsonValue } from '../../../json/json-value.ts';
import { nullRecord } from '../../../json/null-record.ts';
import type { ResultStore } from '../../database.ts';
import type { ResultNodeRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { fromJson } from '../../values.ts';
import { rootKey } from './batch.ts';
import { nodeRow, readMetrics } from './read-rows.ts';

export function resultStore(session: Session): ResultStore {
  return {
    nodes: (query) => listNodes(session, query),
    metrics: (nodeIds) => readMetrics(session, nodeIds),
    keyvals: (executionId) => readKeyvals(session, executionId),
    history: (query) => testHistory(session, query),
  };
}

async function listNodes({ db }: Session, query: Parameters<ResultStore['nodes']>[0]): Promise<ResultNodeRow[]> {
  const { jobId, executionId, parentId, outcomes, kinds, first, afterSeq } = query;
  let select = db.selectFrom('result_nodes').selectAll();
  if (jobId !== undefined) select = select.where('jobId', '=', jobId);
  if (executionId !== undefined) select = select.where('executionId', '=', executionId);
  if (parentId !== undefined) select = select.where('parentId', '=', parentId);
  if (outcomes !== undefined) select = select.where('outcome', 'in', [...outcomes]);
  if (kinds !== undefined) select = select.where('node', 'in', [...kinds]);
  if (afterSeq !== undefined) select = select.where('seq', '>', afterSeq);
  // Children are of one execution; told so, the engine takes the index on the parent.
  select = parentId === undefined ? select.orderBy('executionId').orderBy('seq') : select.orderBy('seq');
  if (first !== undefined) select = select.limit(first);
  return (await select.execute()).map(nodeRow);
}

/** Of the execution and of its nodes; where names meet, the execution's own counts. */
async function readKeyvals({ db }: Session, executionId: number): Promise<Record<string, JsonValue>> {
  const rows = await db
    .selectFrom('execution_keyvals')
    .select(['pathKey', 'name', 'value'])
    .where('executionId', '=', executionId)
    .execute();
  const own = rows.filter((row) => row.pathKey === rootKey);
  const others = rows.filter((row) => row.pathKey !== rootKey);
  return nullRecord([...others, ...own].map((row) => [row.name, fromJson<JsonValue>(row.value)] as const));
}

async function testHistory({ db }: Session, query: Parameters<ResultStore['history']>[0]): Promise<ResultNodeRow[]> {
  const { testName, host, first, beforeId } = query;
  let select = db.selectFrom('result_nodes').selectAll().where('name', '=', testName);
  if (host !== undefined) select = select.where('host', '=', host);
  if (beforeId !== undefined) select = select.where('id', '<', beforeId);
  return (await select.orderBy('id', 'desc').limit(first).execute()).map(nodeRow);
}
