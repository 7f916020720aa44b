import type { RecurringPatch } from '../../database.ts';
import { NotFoundError } from '../../errors.ts';
import type { RecurringRow } from '../../rows.ts';
import type { Session, Tx } from '../../session.ts';
import { clipName, defined, orNull, toFlag } from '../../values.ts';
import { checkRemaining, firstTime, scheduleColumns } from './add.ts';
import { scheduleOf } from './due-runs.ts';
import { recurringRow } from './row.ts';
import { checkSchedule } from './schedule.ts';

export function updateRecurring(
  session: Session,
  id: number,
  patch: RecurringPatch,
  by: string,
): Promise<RecurringRow> {
  return session.write(async (tx) => {
    const row = await lockRecurring(tx, id);
    const { name, enabled, schedule, missed, remaining } = patch;
    if (schedule) checkSchedule(schedule, tx.now);
    checkRemaining(remaining);
    const isEnabled = enabled ?? row.enabled;
    const startsAnew = isEnabled && (schedule !== undefined || !row.enabled || row.nextAt === undefined);
    // One that came to its end and is enabled again has no number left to count down.
    const isSpent = row.remaining === 0 && remaining === undefined && isEnabled;
    await tx.db
      .updateTable('recurring')
      .set((eb) => ({
        version: eb('version', '+', 1),
        ...defined({ name: name === undefined ? undefined : clipName(name), missed, remaining }),
        ...(isSpent && { remaining: null }),
        ...(schedule && scheduleColumns(schedule)),
        enabled: toFlag(isEnabled),
        ...(!isEnabled && { nextAt: null }),
        ...(startsAnew && { nextAt: orNull(firstTime(schedule ?? scheduleOf(row), tx.now)), problem: null }),
      }))
      .where('id', '=', id)
      .execute();
    tx.emit({
      kind: 'recurring.changed',
      data: { recurringId: id, change: 'changed', fields: Object.keys(defined(patch)), by },
    });
    return lockRecurring(tx, id);
  });
}

export function removeRecurring(session: Session, id: number, by: string): Promise<boolean> {
  return session.write(async (tx) => {
    const { numDeletedRows } = await tx.db.deleteFrom('recurring').where('id', '=', id).executeTakeFirst();
    if (numDeletedRows === 0n) return false;
    tx.emit({ kind: 'recurring.changed', data: { recurringId: id, change: 'removed', by } });
    return true;
  });
}

/** @throws NotFoundError */
export async function lockRecurring(tx: Tx, id: number): Promise<RecurringRow> {
  let query = tx.db.selectFrom('recurring').selectAll().where('id', '=', id);
  if (tx.session.isServer) query = query.forUpdate();
  const raw = await query.executeTakeFirst();
  if (!raw) throw new NotFoundError('recurring job', id);
  return recurringRow(raw);
}
