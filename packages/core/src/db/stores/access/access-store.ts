import type { AccessStore } from '../../database.ts';
import type { Session } from '../../session.ts';
import { chunks } from '../../values.ts';
import { changeMembers, createGroup, removeGroup, updateGroup } from './change.ts';
import { readGroups } from './groups.ts';

export function accessStore(session: Session): AccessStore {
  return {
    create: (group, by) => createGroup(session, group, by),
    update: (id, patch, by) => updateGroup(session, id, patch, by),
    remove: (id, by) => removeGroup(session, id, by),
    change: (id, change, by) => changeMembers(session, id, change, by),
    byName: (name) =>
      session.readConsistently(async (db) => {
        const row = await db.selectFrom('acl_groups').select('id').where('name', '=', name).executeTakeFirst();
        return row && (await readGroups(db, [row.id]))[0];
      }),
    list: () => session.readConsistently((db) => readGroups(db)),
    groupsOf: (login) =>
      session.readConsistently(async (db) => {
        const rows = await db.selectFrom('acl_users').select('groupId').where('login', '=', login).execute();
        return readGroups(
          db,
          rows.map(({ groupId }) => groupId),
        );
      }),
    mayUse: async (login, hostId) => (await usable(session, login, [hostId])).has(hostId),
    usable: (login, hostIds) => usable(session, login, hostIds),
  };
}

/** A host in no group is everybody's, a host in groups is its members', and administrators pass. */
function usable(session: Session, login: string, hostIds: readonly number[]): Promise<Set<number>> {
  return session.readConsistently(async (db) => {
    const user = await db.selectFrom('users').select('role').where('login', '=', login).executeTakeFirst();
    if (user?.role === 'admin') return new Set(hostIds);
    const mine = await db.selectFrom('acl_users').select('groupId').where('login', '=', login).execute();
    const mineIds = new Set(mine.map(({ groupId }) => groupId));
    const isMember = new Map<number, boolean>();
    for (const part of chunks(hostIds)) {
      const rows = await db.selectFrom('acl_hosts').select(['hostId', 'groupId']).where('hostId', 'in', part).execute();
      for (const { hostId, groupId } of rows)
        isMember.set(hostId, isMember.get(hostId) === true || mineIds.has(groupId));
    }
    return new Set(hostIds.filter((hostId) => isMember.get(hostId) ?? true));
  });
}
