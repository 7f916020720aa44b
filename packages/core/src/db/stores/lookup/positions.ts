import { maxCountedPosition, type QueuePosition } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { chunks } from '../../values.ts';

interface Queued {
  readonly id: number;
  readonly jobId: number;
  readonly index: number;
  readonly priority: number;
  readonly createdAt: number;
}

/** Where queued entries stand among those that wait for the same. One query a reason, by the index on it, over a bounded number of entries: the oldest. */
export async function positionsOf(session: Session, entryIds: readonly number[]): Promise<Map<number, QueuePosition>> {
  const found = new Map<number, QueuePosition>();
  for (const [waitId, ids] of await entriesByWait(session, entryIds)) {
    const queue = await queueOf(session, waitId);
    const ranks = new Map(queue.map(({ id }, index) => [id, index + 1]));
    for (const id of ids)
      found.set(id, { position: ranks.get(id) ?? maxCountedPosition + 1, queueLength: queue.length });
  }
  return found;
}

async function entriesByWait({ db }: Session, entryIds: readonly number[]): Promise<Map<number, number[]>> {
  const byWait = new Map<number, number[]>();
  for (const part of chunks(entryIds)) {
    const rows = await db
      .selectFrom('entries')
      .select(['id', 'waitId'])
      .where('id', 'in', part)
      .where('state', '=', 'queued')
      .execute();
    for (const { id, waitId } of rows) if (waitId !== null) byWait.set(waitId, [...(byWait.get(waitId) ?? []), id]);
  }
  return byWait;
}

async function queueOf({ db }: Session, waitId: number): Promise<Queued[]> {
  const queue = await db
    .selectFrom('entries')
    .innerJoin('jobs', 'jobs.id', 'entries.jobId')
    .select(['entries.id', 'entries.jobId', 'entries.index', 'jobs.priority', 'jobs.createdAt'])
    .where('entries.waitId', '=', waitId)
    .where('entries.state', '=', 'queued')
    .orderBy('entries.id')
    .limit(maxCountedPosition + 1)
    .execute();
  return queue.sort(byRank);
}

/** As the planner has it, without what changes all the time: how much an account holds. */
function byRank(a: Queued, b: Queued): number {
  return b.priority - a.priority || a.createdAt - b.createdAt || a.jobId - b.jobId || a.index - b.index;
}
