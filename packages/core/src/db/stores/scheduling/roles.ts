import type { RoleRow } from '../../rows.ts';
import type { Fence } from '../../database.ts';
import { FencedError } from '../../errors.ts';
import { sql } from 'kysely';
import { againAfterDuplicate, type Session, type Tx } from '../../session.ts';

/**
 * Roles that one dispatcher has for all. A role is taken when nobody has it, when its holder let go of it, or from a holder whose epoch as a dispatcher is not the one
 * under which it took the role any more: dead or started again. It has no time limit of its own: whether a holder lives is judged by its heartbeat.
 */

/** Takes a role, or says who has it. `taken`: this dispatcher has it now, under `epoch`. */
export function takeRole(session: Session, name: string, fence: Fence): Promise<{ taken: boolean; role: RoleRow }> {
  return againAfterDuplicate(() => session.write((tx) => attempt(tx, name, fence)));
}

async function attempt(
  tx: Tx,
  name: string,
  { dispatcherId, epoch }: Fence,
): Promise<{ taken: boolean; role: RoleRow }> {
  await checkFence(tx, { dispatcherId, epoch });
  let query = tx.db.selectFrom('roles').selectAll().where('name', '=', name);
  if (tx.session.isServer) query = query.forUpdate();
  const role = await query.executeTakeFirst();
  const mine = { name, dispatcherId, epoch: (role?.epoch ?? 0) + 1, holderEpoch: epoch };
  if (!role) {
    await tx.db.insertInto('roles').values(mine).execute();
    tx.emit({ kind: 'dispatcher.changed', data: { id: dispatcherId, role: name, epoch: mine.epoch } });
    return { taken: true, role: mine };
  }
  if (role.dispatcherId === dispatcherId && role.holderEpoch === epoch) return { taken: true, role };
  const holder = await tx.db
    .selectFrom('dispatchers')
    .select('epoch')
    .where('id', '=', role.dispatcherId)
    .executeTakeFirst();
  if (holder?.epoch === role.holderEpoch) return { taken: false, role };
  await tx.db.updateTable('roles').set(mine).where('name', '=', name).execute();
  tx.emit({ kind: 'dispatcher.changed', data: { id: dispatcherId, role: name, epoch: mine.epoch } });
  return { taken: true, role: mine };
}

/** Lets go of a role, where one has it. */
export function resignRole(session: Session, name: string, { dispatcherId, epoch }: Fence): Promise<void> {
  return session.write(async (tx) => {
    const { numUpdatedRows } = await tx.db
      .updateTable('roles')
      .set({ holderEpoch: -1 })
      .where('name', '=', name)
      .where('dispatcherId', '=', dispatcherId)
      .where('holderEpoch', '=', epoch)
      .executeTakeFirst();
    if (numUpdatedRows === 1n) tx.emit({ kind: 'dispatcher.changed', data: { id: dispatcherId, resigned: name } });
  });
}

/**
 * Refuses to write for a dispatcher that was declared dead or whose id somebody else has by now. The row stays locked against that until the transaction ends.
 *
 * @throws FencedError
 */
export async function checkFence(tx: Tx, { dispatcherId, epoch, role }: Fence): Promise<void> {
  let query = tx.db.selectFrom('dispatchers').select('epoch').where('id', '=', dispatcherId);
  // Shared: transactions of one dispatcher do not wait for each other.
  if (tx.session.isServer) query = query.modifyEnd(shareLock);
  const current = await query.executeTakeFirst();
  if (current?.epoch !== epoch) throw new FencedError(dispatcherId, epoch);
  if (role === undefined) return;
  let roles = tx.db.selectFrom('roles').select(['dispatcherId', 'epoch', 'holderEpoch']).where('name', '=', role.name);
  if (tx.session.isServer) roles = roles.modifyEnd(shareLock);
  const held = await roles.executeTakeFirst();
  const isHeld = held?.dispatcherId === dispatcherId && held.epoch === role.epoch && held.holderEpoch === epoch;
  if (!isHeld) throw new FencedError(dispatcherId, epoch);
}

/** MariaDB has no `for share`. */
const shareLock = sql`lock in share mode`;
