import type { NotificationStore } from '../../database.ts';
import type { Session, Tx } from '../../session.ts';
import { upsert } from '../../upsert.ts';
import { chunks, orNull } from '../../values.ts';
import { latestVisibleId } from '../events/edge.ts';

/**
 * Which events were turned into deliveries: those up to the cursor, a row of `id_blocks`. It is moved by compare-and-set in the transaction that queues what the
 * events tell of, so each event counts once, however many dispatchers read the log. The unique key on rule and event says the same once more.
 */
const cursorName = 'notifications.cursor';
/** Messages of one statement: a server takes 16 MiB at once. */
const rowsPerInsert = 50;

export async function readCursor(session: Session): Promise<number> {
  const found = await storedCursor(session);
  if (found !== undefined) return found;
  await session.write((tx) => ensureCursor(tx));
  return (await storedCursor(session)) ?? 0;
}

/** Makes the cursor, where there is none, at the newest event: history is nobody's news. */
export async function ensureCursor(tx: Tx): Promise<void> {
  if ((await storedCursor(tx.session)) !== undefined) return;
  const next = await latestVisibleId(tx.session);
  await upsert(tx, 'id_blocks', [{ name: cursorName, next }], { key: ['name'], update: ['name'] });
}

async function storedCursor({ db }: Session): Promise<number | undefined> {
  const row = await db.selectFrom('id_blocks').select('next').where('name', '=', cursorName).executeTakeFirst();
  return row?.next;
}

export function advanceCursor(
  session: Session,
  { fromId, toId, deliveries }: Parameters<NotificationStore['advance']>[0],
): Promise<boolean> {
  return session.write(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('id_blocks')
      .set({ next: toId })
      .where('name', '=', cursorName)
      .where('next', '=', fromId)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) return false;
    const rows = deliveries.map(({ jobId, ...delivery }) => ({
      ...delivery,
      jobId: orNull(jobId),
      state: 'queued',
      attempts: 0,
      nextAt: tx.now,
      createdAt: tx.now,
    }));
    for (const part of chunks(rows, rowsPerInsert))
      await upsert(tx, 'deliveries', part, { key: ['ruleId', 'eventId'], update: ['ruleId'] });
    return true;
  });
}
