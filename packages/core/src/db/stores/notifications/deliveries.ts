import type { NotificationStore } from '../../database.ts';
import { NotFoundError } from '../../errors.ts';
import type { DeliveryRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { deliveryRow, emitChange } from './rows.ts';
import { ruleById } from './rules.ts';

export function enqueueTest(session: Session, ruleId: number, payload: string, by: string): Promise<DeliveryRow> {
  return session.write(async (tx) => {
    if ((await ruleById(session, ruleId)) === undefined) throw new NotFoundError('notification rule', ruleId);
    const values = { ruleId, payload, state: 'queued', attempts: 0, nextAt: tx.now, createdAt: tx.now } as const;
    const { insertId } = await tx.db.insertInto('deliveries').values(values).executeTakeFirstOrThrow();
    const id = Number(insertId);
    emitChange(tx, 'queued', { ruleId, deliveryId: id, by });
    return { id, ...values };
  });
}

export function redeliver(session: Session, id: number, by: string): Promise<DeliveryRow> {
  return session.write(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('deliveries')
      .set({ state: 'queued', attempts: 0, nextAt: tx.now, problem: null, sentAt: null })
      .where('id', '=', id)
      .where('state', '!=', 'sending')
      .executeTakeFirst();
    const row = await deliveryById(session, id);
    if (row === undefined) throw new NotFoundError('delivery', id);
    if (numUpdatedRows === 1n) emitChange(tx, 'queued', { ruleId: row.ruleId, deliveryId: id, by });
    return row;
  });
}

export async function deliveryById({ db }: Session, id: number): Promise<DeliveryRow | undefined> {
  const raw = await db.selectFrom('deliveries').selectAll().where('id', '=', id).executeTakeFirst();
  return raw && deliveryRow(raw);
}

export async function listDeliveries(
  { db }: Session,
  { first, beforeId, owner, ruleId, jobId, state }: Parameters<NotificationStore['deliveries']>[0],
): Promise<DeliveryRow[]> {
  let query = db.selectFrom('deliveries').selectAll().orderBy('id', 'desc').limit(first);
  if (beforeId !== undefined) query = query.where('id', '<', beforeId);
  if (ruleId !== undefined) query = query.where('ruleId', '=', ruleId);
  if (jobId !== undefined) query = query.where('jobId', '=', jobId);
  if (state !== undefined) query = query.where('state', '=', state);
  if (owner !== undefined)
    query = query.where('ruleId', 'in', db.selectFrom('notification_rules').select('id').where('owner', '=', owner));
  return (await query.execute()).map(deliveryRow);
}
