import type { HostStore } from '../../database.ts';
import { NotFoundError } from '../../errors.ts';
import type { HostRow } from '../../rows.ts';
import type { Session, Tx } from '../../session.ts';
import { defined, toFlag, toJson } from '../../values.ts';
import { hostRow } from './row.ts';

type HostPatch = Parameters<HostStore['update']>[1];

/** Changes what people decide about a host. The version rises, so that a plan made before does not go ahead. */
export function updateHost(session: Session, id: number, patch: HostPatch, by: string): Promise<HostRow> {
  return session.write(async (tx) => {
    const { unlock, clearQuarantine, hostKeys, labels, attributes, dirty, draining, ...plain } = patch;
    const { numUpdatedRows } = await tx.db
      .updateTable('hosts')
      .set((eb) => ({
        version: eb('version', '+', 1),
        ...defined(plain),
        ...(hostKeys && { hostKeys: toJson(hostKeys) }),
        ...(labels && { labels: toJson(labels) }),
        ...(attributes && { attributes: toJson(attributes) }),
        ...(dirty !== undefined && { dirty: toFlag(dirty) }),
        ...(draining !== undefined && { draining: toFlag(draining) }),
        ...(unlock === true && { lockedBy: null, lockReason: null, lockedUntil: null }),
        ...(clearQuarantine === true && { quarantineReason: null }),
      }))
      .where('id', '=', id)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw new NotFoundError('host', id);
    if (changesReach(patch)) await verifySoon(tx, id);
    tx.emit({ kind: 'host.changed', hostId: id, data: { fields: Object.keys(defined(patch)), by } });
    return hostRow(await tx.db.selectFrom('hosts').selectAll().where('id', '=', id).executeTakeFirstOrThrow());
  });
}

/** How a host is reached is changed most often because it could not be: one that is set aside should not wait for its next look. */
function changesReach({ address, port, user, keyFile, hostKeys }: HostPatch): boolean {
  return [address, port, user, keyFile, hostKeys].some((value) => value !== undefined);
}

async function verifySoon(tx: Tx, id: number): Promise<void> {
  await tx.db
    .updateTable('hosts')
    .set({ reverifyAt: tx.now })
    .where('id', '=', id)
    .where('state', '=', 'repairFailed')
    .execute();
}

/** As many as a person may name, too. */
const maxPins = 20;

/** Pins keys besides those that a host has; one without pins gets none, because somebody has taken them away meanwhile. Does not raise the version. */
export function pinFurtherKeys(session: Session, id: number, keys: readonly string[]): Promise<boolean> {
  return session.write(async (tx) => {
    const pinned = await pinsOf(tx, session, id);
    const all = [...new Set([...(pinned ?? []), ...keys])].slice(0, maxPins);
    if (!pinned || pinned.length === 0 || all.length <= pinned.length) return false;
    await setPins(tx, id, all, 'proof by the host');
    return true;
  });
}

async function pinsOf(tx: Tx, session: Session, id: number): Promise<readonly string[] | undefined> {
  let query = tx.db.selectFrom('hosts').select('hostKeys').where('id', '=', id);
  if (session.isServer) query = query.forUpdate();
  const raw = await query.executeTakeFirst();
  return raw && hostRow(raw).hostKeys;
}

async function setPins(tx: Tx, id: number, keys: readonly string[], by: string): Promise<void> {
  await tx.db
    .updateTable('hosts')
    .set({ hostKeys: toJson(keys) })
    .where('id', '=', id)
    .execute();
  tx.emit({ kind: 'host.changed', hostId: id, data: { fields: ['hostKeys'], by } });
}

/** Pins a key for a host that has none. Does not raise the version: no plan depends on it. */
export function pinHostKey(session: Session, id: number, key: string): Promise<boolean> {
  return session.write(async (tx) => {
    const pinned = await pinsOf(tx, session, id);
    if (pinned?.length !== 0) return false;
    await setPins(tx, id, [key], 'first connection');
    return true;
  });
}

/** Pins these keys instead of those that are pinned: the host was installed anew. Does not raise the version: no plan depends on it. */
export function replaceHostKeys(session: Session, id: number, keys: readonly string[]): Promise<void> {
  return session.write((tx) => setPins(tx, id, keys, 'installation'));
}
