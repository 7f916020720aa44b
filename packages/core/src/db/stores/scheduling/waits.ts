import type { Fence, SchedulingStore } from '../../database.ts';
import type { WaitRow } from '../../rows.ts';
import type { Session, Tx } from '../../session.ts';
import { upsert } from '../../upsert.ts';
import { chunks, clipName, rowReader, toJson } from '../../values.ts';

export const waitRow = rowReader<WaitRow>({ json: ['reason'] });
import { checkFence } from './roles.ts';

type Wait = Parameters<SchedulingStore['setWaits']>[0][number];

/** At most so many entries are told of by name when a reason changes that many share; the others show it when they are read. */
const maxTold = 20;

/**
 * Stores why entries wait: one row a reason, whatever the number of entries. Leaves the versions of entries alone: a reason is no reason for
 * a plan to fail. What is not queued any more is passed over.
 */
export async function setWaits(session: Session, waits: readonly Wait[], fence: Fence | undefined): Promise<void> {
  for (const part of chunks(waits, 100))
    await session.write(async (tx) => {
      if (fence) await checkFence(tx, fence);
      await setPart(tx, part);
    });
}

async function setPart(tx: Tx, waits: readonly Wait[]): Promise<void> {
  const rows = waits.map(({ key, reason }) => ({
    key: clipName(key),
    code: reason.code,
    reason: toJson({ ...reason, message: clipName(reason.message, 4000) }),
    changedAt: tx.now,
  }));
  await upsert(tx, 'waits', rows, { key: ['key'], update: ['code', 'reason', 'changedAt'] });
  const known = await tx.db
    .selectFrom('waits')
    .select(['id', 'key'])
    .where(
      'key',
      'in',
      rows.map(({ key }) => key),
    )
    .execute();
  const ids = new Map(known.map(({ id, key }) => [key, id]));
  for (const { key, reason, entryIds } of waits) {
    const waitId = ids.get(clipName(key));
    if (waitId === undefined) continue;
    for (const part of chunks(entryIds))
      await tx.db
        .updateTable('entries')
        .set({ waitId })
        .where('id', 'in', part)
        .where('state', '=', 'queued')
        .execute();
    const told = await tx.db
      .selectFrom('entries')
      .select(['id', 'jobId'])
      .where('waitId', '=', waitId)
      .where('state', '=', 'queued')
      .orderBy('id')
      .limit(maxTold)
      .execute();
    const data = { code: reason.code, message: clipName(reason.message, 1000) };
    for (const { id, jobId } of told) tx.emit({ kind: 'entry.waiting', jobId, entryId: id, data });
  }
}
