import type { Kysely } from 'kysely';
import type { AclGroupRow } from '../../rows.ts';
import type { Tables } from '../../schema.ts';
import { rowReader } from '../../values.ts';

type Fields = Omit<AclGroupRow, 'users' | 'hostIds'>;
const readFields = rowReader<Fields>();

/** Groups with their members and hosts, by name; all of them, or some by id. */
export async function readGroups(db: Kysely<Tables>, ids?: readonly number[]): Promise<AclGroupRow[]> {
  if (ids?.length === 0) return [];
  let groups = db.selectFrom('acl_groups').selectAll().orderBy('name');
  let users = db.selectFrom('acl_users').selectAll().orderBy('login');
  let hosts = db.selectFrom('acl_hosts').selectAll().orderBy('hostId');
  if (ids) {
    groups = groups.where('id', 'in', ids);
    users = users.where('groupId', 'in', ids);
    hosts = hosts.where('groupId', 'in', ids);
  }
  const fields = (await groups.execute()).map(readFields);
  const usersOf = Map.groupBy(await users.execute(), ({ groupId }) => groupId);
  const hostsOf = Map.groupBy(await hosts.execute(), ({ groupId }) => groupId);
  return fields.map((group) => ({
    ...group,
    users: (usersOf.get(group.id) ?? []).map(({ login }) => login),
    hostIds: (hostsOf.get(group.id) ?? []).map(({ hostId }) => hostId),
  }));
}
