import { sql } from 'kysely';
import type { JobStore } from '../../database.ts';
import type { JobRow, TaskRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { jobRow, taskRow } from './rows.ts';

export async function listJobs({ db }: Session, query: Parameters<JobStore['list']>[0]): Promise<JobRow[]> {
  const { first, beforeId, owner, state, outcome, nameContains } = query;
  let select = db.selectFrom('jobs').selectAll().orderBy('id', 'desc').limit(first);
  if (beforeId !== undefined) select = select.where('id', '<', beforeId);
  if (owner !== undefined) select = select.where('owner', '=', owner);
  if (state !== undefined) select = select.where('state', '=', state);
  if (outcome !== undefined) select = select.where('outcome', '=', outcome);
  // Not LIKE: what people search for may hold % and _.
  if (nameContains !== undefined)
    select = select.where(sql<boolean>`instr(lower(name), ${nameContains.toLowerCase()}) > 0`);
  return (await select.execute()).map(jobRow);
}

/** Newest first. */
export async function listTasks({ db }: Session, query: Parameters<JobStore['tasksOf']>[0]): Promise<TaskRow[]> {
  const { jobId, hostId, first } = query;
  // Not by id: ids are given out in blocks.
  let select = db.selectFrom('tasks').selectAll().orderBy('createdAt', 'desc').orderBy('id', 'desc').limit(first);
  if (hostId !== undefined) select = select.where('hostId', '=', hostId);
  if (jobId !== undefined)
    select = select.where('entryId', 'in', db.selectFrom('entries').select('id').where('jobId', '=', jobId));
  return (await select.execute()).map(taskRow);
}
