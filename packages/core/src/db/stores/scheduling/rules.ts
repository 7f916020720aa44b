import type { SchedulingRules } from '../../database.ts';
import type { AccountRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { rowReader } from '../../values.ts';
import { listDispatchers } from './dispatchers.ts';

const accountRow = rowReader<AccountRow>();

/** What people decided about who gets what: small tables, read as a whole. */
export async function loadRules(session: Session): Promise<SchedulingRules> {
  const { db } = session;
  const accounts = await db.selectFrom('accounts').selectAll().execute();
  const labels = await db.selectFrom('labels').select('name').where('onlyIfNeeded', '=', 1).execute();
  const users = await db.selectFrom('acl_users').selectAll().execute();
  const hosts = await db.selectFrom('acl_hosts').selectAll().execute();
  const admins = await db.selectFrom('users').select('login').where('role', '=', 'admin').execute();
  return {
    accounts: accounts.map(accountRow),
    onlyIfNeeded: labels.map(({ name }) => name),
    groupsOfUsers: grouped(users, ({ login }) => login),
    groupsOfHosts: grouped(hosts, ({ hostId }) => hostId),
    admins: admins.map(({ login }) => login),
    dispatchers: await listDispatchers(session),
  };
}

function grouped<Row extends { groupId: number }, Key>(
  rows: readonly Row[],
  keyOf: (row: Row) => Key,
): ReadonlyMap<Key, readonly number[]> {
  const groups = new Map<Key, number[]>();
  for (const row of rows) {
    const known = groups.get(keyOf(row));
    if (known) known.push(row.groupId);
    else groups.set(keyOf(row), [row.groupId]);
  }
  return groups;
}
