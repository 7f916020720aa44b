import type { HostStore } from '../../database.ts';
import { NotFoundError } from '../../errors.ts';
import type { HostRow } from '../../rows.ts';
import type { Session, Tx } from '../../session.ts';
import { chunks, toJson } from '../../values.ts';
import { hostRow } from './row.ts';

type LabelChange = Parameters<HostStore['updateLabels']>[1];

/** Adds and takes off labels; hosts that had them so already stay as they are. */
export async function updateLabels(
  session: Session,
  ids: readonly number[],
  change: LabelChange,
  by: string,
): Promise<HostRow[]> {
  return session.write(async (tx) => {
    const changed: HostRow[] = [];
    // In order of id, as everybody who locks several hosts.
    for (const part of chunks([...new Set(ids)].sort((a, b) => a - b))) {
      const hosts = await holdHosts(tx, part);
      for (const id of part) {
        const host = hosts.get(id);
        if (!host) throw new NotFoundError('host', id);
        const relabelled = await relabel(tx, host, change, by);
        if (relabelled) changed.push(relabelled);
      }
    }
    return changed;
  });
}

async function holdHosts(tx: Tx, ids: readonly number[]): Promise<Map<number, HostRow>> {
  let query = tx.db.selectFrom('hosts').selectAll().where('id', 'in', ids).orderBy('id');
  if (tx.session.isServer) query = query.forUpdate();
  return new Map((await query.execute()).map(hostRow).map((host) => [host.id, host]));
}

async function relabel(tx: Tx, host: HostRow, { add = [], remove = [] }: LabelChange, by: string) {
  const gone = new Set(remove);
  const labels = [...new Set([...host.labels, ...add])].filter((label) => !gone.has(label));
  if (labels.length === host.labels.length && labels.every((label) => host.labels.includes(label))) return undefined;
  await tx.db
    .updateTable('hosts')
    .set((eb) => ({ labels: toJson(labels), version: eb('version', '+', 1) }))
    .where('id', '=', host.id)
    .execute();
  tx.emit({ kind: 'host.changed', hostId: host.id, data: { fields: ['labels'], by } });
  return { ...host, labels, version: host.version + 1 };
}
