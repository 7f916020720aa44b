import { lockOf, reservationOf } from '../../../model/host-hold.ts';
import type { HostStore } from '../../database.ts';
import { HostLockedError, HostNotReservedError, HostReservedError, NotFoundError } from '../../errors.ts';
import type { HostRow } from '../../rows.ts';
import type { Session, Tx } from '../../session.ts';
import { clipReason, orNull } from '../../values.ts';
import { hostRow } from './row.ts';

type Lock = Parameters<HostStore['lock']>[1];
type Reservation = Parameters<HostStore['reserve']>[1];

export function lockHost(session: Session, id: number, lock: Lock, by: string): Promise<HostRow> {
  return session.write(async (tx) => {
    const host = await holdHost(tx, id);
    const other = lockOf(host, tx.now);
    if (other && other.by !== by) throw new HostLockedError(host.name, other);
    const fields = { lockedBy: by, lockReason: clipReason(lock.reason), lockedUntil: orNull(lock.until) };
    return change(tx, host, fields, by);
  });
}

export function unlockHost(session: Session, id: number, by: string, force: boolean): Promise<HostRow> {
  return session.write(async (tx) => {
    const host = await holdHost(tx, id);
    if (host.lockedBy === undefined) return host;
    const lock = lockOf(host, tx.now);
    if (lock && lock.by !== by && !force) throw new HostLockedError(host.name, lock);
    return change(tx, host, { lockedBy: null, lockReason: null, lockedUntil: null }, by);
  });
}

export function reserveHost(
  session: Session,
  id: number,
  { by, until, reason }: Reservation,
  requestedBy: string,
): Promise<HostRow> {
  return session.write(async (tx) => {
    const host = await holdHost(tx, id);
    const other = reservationOf(host, tx.now);
    if (other && other.by !== by) throw new HostReservedError(host.name, other);
    const reserveReason = reason === undefined ? null : clipReason(reason);
    return change(tx, host, { reservedBy: by, reservedUntil: until, reserveReason }, requestedBy);
  });
}

export function extendReservation(
  session: Session,
  id: number,
  { by, until }: Parameters<HostStore['extendReservation']>[1],
): Promise<HostRow> {
  return session.write(async (tx) => {
    const host = await holdHost(tx, id);
    const mine = reservationOf(host, tx.now);
    if (mine?.by !== by) throw new HostNotReservedError(host.name, by);
    return mine.until >= until ? host : change(tx, host, { reservedUntil: until }, by);
  });
}

export function releaseHost(session: Session, id: number, by: string, force: boolean): Promise<HostRow> {
  return session.write(async (tx) => {
    const host = await holdHost(tx, id);
    if (host.reservedBy === undefined) return host;
    const reservation = reservationOf(host, tx.now);
    if (reservation && reservation.by !== by && !force) throw new HostReservedError(host.name, reservation);
    return change(tx, host, { reservedBy: null, reservedUntil: null, reserveReason: null }, by);
  });
}

/**
 * Reads a host and keeps others from changing it until the transaction ends.
 *
 * @throws NotFoundError
 */
export async function holdHost(tx: Tx, id: number): Promise<HostRow> {
  let query = tx.db.selectFrom('hosts').selectAll().where('id', '=', id);
  if (tx.session.isServer) query = query.forUpdate();
  const raw = await query.executeTakeFirst();
  if (!raw) throw new NotFoundError('host', id);
  return hostRow(raw);
}

type HoldColumns = Partial<
  Record<'lockedBy' | 'lockReason' | 'reservedBy' | 'reserveReason', string | null> &
    Record<'lockedUntil' | 'reservedUntil', number | null>
>;

/** The version rises, so that a plan made before does not go ahead. */
async function change(tx: Tx, { id }: HostRow, columns: HoldColumns, by: string): Promise<HostRow> {
  await tx.db
    .updateTable('hosts')
    .set((eb) => ({ ...columns, version: eb('version', '+', 1) }))
    .where('id', '=', id)
    .execute();
  tx.emit({ kind: 'host.changed', hostId: id, data: { fields: Object.keys(columns), by } });
  return hostRow(await tx.db.selectFrom('hosts').selectAll().where('id', '=', id).executeTakeFirstOrThrow());
}
