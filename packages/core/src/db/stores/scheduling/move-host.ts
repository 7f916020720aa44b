import { hostMachine, type HostMove } from '../../../model/host.ts';
import { nextState } from '../../../model/machine.ts';
import { LostRace } from '../../errors.ts';
import type { HostRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { clipName, toFlag } from '../../values.ts';
import { hostRow } from '../hosts/row.ts';

/** The one door through which hosts change their state. */
export async function moveHost(
  tx: Tx,
  host: Pick<HostRow, 'id' | 'version' | 'state'>,
  move: HostMove,
  patch: { dirty?: boolean; reverifyAt?: number | null; reason?: string } = {},
): Promise<HostRow> {
  const to = nextState(hostMachine, host.state, move);
  const { numUpdatedRows } = await tx.db
    .updateTable('hosts')
    .set((eb) => ({
      ...(patch.dirty !== undefined && { dirty: toFlag(patch.dirty) }),
      ...(patch.reverifyAt !== undefined && { reverifyAt: patch.reverifyAt }),
      state: to,
      version: eb('version', '+', 1),
    }))
    .where('id', '=', host.id)
    .where('version', '=', host.version)
    .where('state', '=', host.state)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new LostRace('host', host.id);
  tx.emit({
    kind: 'host.moved',
    hostId: host.id,
    data: {
      from: host.state,
      to,
      move,
      ...(patch.reason !== undefined && { reason: clipName(patch.reason, 1000) }),
    },
  });
  return hostRow(await tx.db.selectFrom('hosts').selectAll().where('id', '=', host.id).executeTakeFirstOrThrow());
}
