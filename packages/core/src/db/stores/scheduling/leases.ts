import { LostRace } from '../../errors.ts';
import type { LeaseRow } from '../../rows.ts';
import { isDuplicate, type Session, type Tx } from '../../session.ts';

/**
 * Leases: who may work with a host. One row per host, kept when the lease is released, so that the epoch rises with every holder and never falls:
 * what a former holder still writes carries an old epoch and is refused.
 */

type Holder = LeaseRow['holder'];

/** Takes a lease that is free, released or expired by `tx.now`. `untilMs`: ms since the epoch. */
export async function takeLease(
  tx: Tx,
  hostId: number,
  holder: Holder,
  dispatcherId: string,
  untilMs: number,
): Promise<LeaseRow> {
  const { numUpdatedRows } = await tx.db
    .updateTable('leases')
    .set((eb) => ({
      holderKind: holder.kind,
      holderId: holder.id,
      epoch: eb('epoch', '+', 1),
      dispatcherId,
      expiresAt: untilMs,
    }))
    .where('hostId', '=', hostId)
    .where((eb) => eb.or([eb('holderKind', 'is', null), eb('expiresAt', '<=', tx.now)]))
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return takeFirstLease(tx, { hostId, holder, epoch: 1, dispatcherId, expiresAt: untilMs });
  const { epoch } = await tx.db
    .selectFrom('leases')
    .select('epoch')
    .where('hostId', '=', hostId)
    .executeTakeFirstOrThrow();
  return { hostId, holder, epoch, dispatcherId, expiresAt: untilMs };
}

async function takeFirstLease(tx: Tx, lease: LeaseRow): Promise<LeaseRow> {
  const { holder, ...columns } = lease;
  try {
    await tx.db
      .insertInto('leases')
      .values({ ...columns, holderKind: holder.kind, holderId: holder.id })
      .execute();
    return lease;
  } catch (error) {
    if (isDuplicate(error)) throw new LostRace('lease of host', lease.hostId);
    throw error;
  }
}

/** Gives a held lease to another holder; the epoch stays. */
export async function passLease(tx: Tx, hostId: number, epoch: number, holder: Holder): Promise<void> {
  const { numUpdatedRows } = await tx.db
    .updateTable('leases')
    .set({ holderKind: holder.kind, holderId: holder.id })
    .where('hostId', '=', hostId)
    .where('epoch', '=', epoch)
    .where('holderKind', 'is not', null)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new LostRace('lease of host', hostId);
}

/** Lets go. Where somebody else holds the lease by now (another epoch), there is nothing to let go of. */
export async function releaseLease(tx: Tx, hostId: number, epoch: number): Promise<void> {
  await tx.db
    .updateTable('leases')
    .set({ holderKind: null, holderId: null })
    .where('hostId', '=', hostId)
    .where('epoch', '=', epoch)
    .execute();
}

/** Extends all leases of a dispatcher; gives how many. `untilMs`: ms since the epoch. */
export function extendLeases(session: Session, dispatcherId: string, untilMs: number): Promise<number> {
  return session.write(async ({ db }) => {
    const { numUpdatedRows } = await db
      .updateTable('leases')
      .set({ expiresAt: untilMs })
      .where('dispatcherId', '=', dispatcherId)
      .where('holderKind', 'is not', null)
      .executeTakeFirst();
    return Number(numUpdatedRows);
  });
}
