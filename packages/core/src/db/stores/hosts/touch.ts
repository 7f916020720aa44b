import { NotFoundError } from '../../errors.ts';
import type { Tx } from '../../session.ts';
import { chunks } from '../../values.ts';

/**
 * Raises the versions of hosts about which something changed that stands elsewhere, and tells of it.
 *
 * @throws NotFoundError
 */
export async function touchHosts(tx: Tx, ids: readonly number[], fields: readonly string[], by: string): Promise<void> {
  for (const part of chunks(ids)) {
    const { numUpdatedRows } = await tx.db
      .updateTable('hosts')
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('id', 'in', part)
      .executeTakeFirst();
    if (Number(numUpdatedRows) !== part.length) throw new NotFoundError('host', await missingOf(tx, part));
    for (const hostId of part) tx.emit({ kind: 'host.changed', hostId, data: { fields: [...fields], by } });
  }
}

async function missingOf(tx: Tx, ids: readonly number[]): Promise<number> {
  const rows = await tx.db.selectFrom('hosts').select('id').where('id', 'in', ids).execute();
  const found = new Set(rows.map(({ id }) => id));
  return ids.find((id) => !found.has(id)) ?? 0;
}
