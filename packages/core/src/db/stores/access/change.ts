import type { AccessStore, AclChange } from '../../database.ts';
import { AlreadyExistsError, NotFoundError } from '../../errors.ts';
import type { AclGroupRow } from '../../rows.ts';
import { isDuplicate, type Session, type Tx } from '../../session.ts';
import { chunks, defined, orNull } from '../../values.ts';
import { touchHosts } from '../hosts/touch.ts';
import { readGroups } from './groups.ts';

type NewGroup = Parameters<AccessStore['create']>[0];
type GroupPatch = Parameters<AccessStore['update']>[1];

export async function createGroup(session: Session, { name, description }: NewGroup, by: string): Promise<AclGroupRow> {
  return refuseTaken(name, () =>
    session.write(async (tx) => {
      const values = { name, description: orNull(description) };
      const { insertId } = await tx.db.insertInto('acl_groups').values(values).executeTakeFirstOrThrow();
      tx.emit({ kind: 'access.changed', data: { group: name, change: 'created', by } });
      return { id: Number(insertId), name, ...defined({ description }), users: [], hostIds: [] };
    }),
  );
}

export async function updateGroup(session: Session, id: number, patch: GroupPatch, by: string): Promise<AclGroupRow> {
  return refuseTaken(patch.name ?? '', () =>
    session.write(async (tx) => {
      const { name } = await holdGroup(tx, id);
      const values = defined(patch);
      if (Object.keys(values).length > 0)
        await tx.db.updateTable('acl_groups').set(values).where('id', '=', id).execute();
      tx.emit({ kind: 'access.changed', data: { group: patch.name ?? name, was: name, change: 'described', by } });
      return holdGroup(tx, id);
    }),
  );
}

export async function removeGroup(session: Session, id: number, by: string): Promise<void> {
  await session.write(async (tx) => {
    const { name, hostIds } = await holdGroup(tx, id);
    await tx.db.deleteFrom('acl_groups').where('id', '=', id).execute();
    await touchHosts(tx, hostIds, ['groups'], by);
    tx.emit({ kind: 'access.changed', data: { group: name, change: 'removed', by } });
  });
}

/** Hosts that come or go get another version, so that a plan made before does not go ahead. */
export async function changeMembers(session: Session, id: number, change: AclChange, by: string): Promise<AclGroupRow> {
  return session.write(async (tx) => {
    const group = await holdGroup(tx, id);
    const users = difference(group.users, change.addUsers, change.removeUsers);
    const hosts = difference(group.hostIds, change.addHostIds, change.removeHostIds);
    for (const part of chunks(users.add))
      await tx.db
        .insertInto('acl_users')
        .values(part.map((login) => ({ groupId: id, login })))
        .execute();
    for (const part of chunks(users.remove))
      await tx.db.deleteFrom('acl_users').where('groupId', '=', id).where('login', 'in', part).execute();
    await touchHosts(tx, [...hosts.add, ...hosts.remove], ['groups'], by);
    for (const part of chunks(hosts.add))
      await tx.db
        .insertInto('acl_hosts')
        .values(part.map((hostId) => ({ groupId: id, hostId })))
        .execute();
    for (const part of chunks(hosts.remove))
      await tx.db.deleteFrom('acl_hosts').where('groupId', '=', id).where('hostId', 'in', part).execute();
    if ([users.add, users.remove, hosts.add, hosts.remove].every((part) => part.length === 0)) return group;
    tx.emit({ kind: 'access.changed', data: { group: group.name, change: 'members', by } });
    return holdGroup(tx, id);
  });
}

/** What really comes and goes; what is both added and taken out goes. */
function difference<T>(
  present: readonly T[],
  added: readonly T[] = [],
  removed: readonly T[] = [],
): { add: T[]; remove: T[] } {
  const there = new Set(present);
  const leaving = new Set(removed);
  return {
    add: [...new Set(added)].filter((item) => !there.has(item) && !leaving.has(item)),
    remove: [...leaving].filter((item) => there.has(item)),
  };
}

/** Reads a group and keeps others from changing it until the transaction ends. */
async function holdGroup(tx: Tx, id: number): Promise<AclGroupRow> {
  if (tx.session.isServer)
    await tx.db.selectFrom('acl_groups').select('id').where('id', '=', id).forUpdate().executeTakeFirst();
  const [group] = await readGroups(tx.db, [id]);
  if (!group) throw new NotFoundError('ACL group', id);
  return group;
}

async function refuseTaken<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isDuplicate(error)) throw new AlreadyExistsError('ACL group', name, error);
    throw error;
  }
}
