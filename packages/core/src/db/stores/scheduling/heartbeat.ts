import type { DispatcherRow } from '../../rows.ts';
import { isDuplicate, type Session } from '../../session.ts';

/** Says that a dispatcher lives. An event tells of one that is new or was started again. */
export function heartbeat(session: Session, dispatcher: Omit<DispatcherRow, 'heartbeatAt'>): Promise<void> {
  const { id, machine, pid, startedAt } = dispatcher;
  return session.write(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('dispatchers')
      .set({ heartbeatAt: tx.now })
      .where('id', '=', id)
      .where('machine', '=', machine)
      .where('pid', '=', pid)
      .where('startedAt', '=', startedAt)
      .executeTakeFirst();
    if (numUpdatedRows === 1n) return;
    const values = { machine, pid, startedAt, heartbeatAt: tx.now };
    try {
      await tx.db
        .insertInto('dispatchers')
        .values({ id, ...values })
        .execute();
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      await tx.db.updateTable('dispatchers').set(values).where('id', '=', id).execute();
    }
    tx.emit({ kind: 'dispatcher.changed', data: { id, machine, pid, startedAt } });
  });
}

/** All that ever gave a sign of life, by id. */
export async function listDispatchers({ db }: Session): Promise<DispatcherRow[]> {
  return db.selectFrom('dispatchers').selectAll().orderBy('id').execute();
}
