import type { DispatcherRow } from '../../rows.ts';
import type { SchedulingStore } from '../../database.ts';
import { NotFoundError } from '../../errors.ts';
import { againAfterDuplicate, type Session, type Tx } from '../../session.ts';
import { orNull, rowReader, toFlag, toJson } from '../../values.ts';

const readDispatcher = rowReader<DispatcherRow>({ json: ['pools', 'onlyUsers'], flags: ['draining'] });

/** Pools are null in rows of an older version. */
export function dispatcherRow(raw: object): DispatcherRow {
  return Object.assign({ pools: [] }, readDispatcher(raw));
}

/** A process takes this id: the epoch rises, so that whoever had it before cannot write any more. Gives the new epoch. */
export function registerDispatcher(
  session: Session,
  dispatcher: Parameters<SchedulingStore['register']>[0],
): Promise<number> {
  const { id, machine, pid, startedAt } = dispatcher;
  const values = {
    machine,
    pid,
    startedAt,
    maxExecutions: dispatcher.maxExecutions,
    pools: toJson(dispatcher.pools),
    onlyUsers: dispatcher.onlyUsers ? toJson(dispatcher.onlyUsers) : null,
    url: orNull(dispatcher.url),
    shortage: null,
  };
  const register = async (tx: Tx): Promise<number> => {
    const { numUpdatedRows } = await tx.db
      .updateTable('dispatchers')
      .set((eb) => ({ ...values, heartbeatAt: tx.now, epoch: eb('epoch', '+', 1) }))
      .where('id', '=', id)
      .executeTakeFirst();
    if (numUpdatedRows === 0n)
      await tx.db
        .insertInto('dispatchers')
        .values({ id, ...values, heartbeatAt: tx.now, epoch: 1, draining: toFlag(false) })
        .execute();
    const { epoch } = await tx.db
      .selectFrom('dispatchers')
      .select('epoch')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    tx.emit({ kind: 'dispatcher.changed', data: { id, machine, pid, startedAt, epoch } });
    return epoch;
  };
  return againAfterDuplicate(() => session.write(register));
}

/** A sign of life. False: somebody else has the id by now, or declared this one dead. */
export function beat(
  session: Session,
  { id, epoch, shortage }: Parameters<SchedulingStore['beat']>[0],
): Promise<boolean> {
  return session.write(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('dispatchers')
      .set({ heartbeatAt: tx.now, shortage: orNull(shortage) })
      .where('id', '=', id)
      .where('epoch', '=', epoch)
      .executeTakeFirst();
    return numUpdatedRows === 1n;
  });
}

/** Declares a dispatcher dead that was not seen since `heartbeatAt`: from now on nothing that it writes is accepted. False: it lives after all. */
export function declareDead(
  session: Session,
  { id, epoch, heartbeatAt }: Pick<DispatcherRow, 'id' | 'epoch' | 'heartbeatAt'>,
): Promise<boolean> {
  return session.write(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('dispatchers')
      .set((eb) => ({ epoch: eb('epoch', '+', 1) }))
      .where('id', '=', id)
      .where('epoch', '=', epoch)
      .where('heartbeatAt', '=', heartbeatAt)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) return false;
    tx.emit({ kind: 'dispatcher.changed', data: { id, dead: true, epoch: epoch + 1 } });
    return true;
  });
}

/** Says that a dispatcher stops. */
export function leave(session: Session, { id, epoch }: Pick<DispatcherRow, 'id' | 'epoch'>): Promise<void> {
  return session.write(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('dispatchers')
      .set({ heartbeatAt: 0 })
      .where('id', '=', id)
      .where('epoch', '=', epoch)
      .executeTakeFirst();
    if (numUpdatedRows === 1n) tx.emit({ kind: 'dispatcher.changed', data: { id, stopped: true, epoch } });
  });
}

/** Lets a dispatcher finish what it has and take nothing new, or ends that. */
export function setDraining(session: Session, id: string, draining: boolean, by: string): Promise<void> {
  return session.write(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('dispatchers')
      .set({ draining: toFlag(draining) })
      .where('id', '=', id)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw new NotFoundError('dispatcher', id);
    tx.emit({ kind: 'dispatcher.changed', data: { id, draining, by } });
  });
}

/** All that ever gave a sign of life, by id. */
export async function listDispatchers({ db }: Session): Promise<DispatcherRow[]> {
  return (await db.selectFrom('dispatchers').selectAll().orderBy('id').execute()).map(dispatcherRow);
}
