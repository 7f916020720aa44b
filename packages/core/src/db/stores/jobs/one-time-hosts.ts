import type { OneTimeHost } from '../../database.ts';
import { HostTakenError } from '../../errors.ts';
import type { HostRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { insertHost } from '../hosts/add.ts';
import { hostRow } from '../hosts/row.ts';
import { updateHost } from '../hosts/update.ts';

/**
 * Registers the one-time hosts of a job; gives their ids. One that an earlier job left is used again, with the key that was pinned then.
 *
 * @throws HostTakenError
 */
export async function registerOneTimeHosts(tx: Tx, hosts: readonly OneTimeHost[], by: string): Promise<number[]> {
  const ids: number[] = [];
  for (const host of hosts) ids.push(await registerOne(tx, host, by));
  return ids;
}

async function registerOne(tx: Tx, host: OneTimeHost, by: string): Promise<number> {
  const raw = await tx.db.selectFrom('hosts').selectAll().where('name', '=', host.address).executeTakeFirst();
  if (!raw) {
    const added = await insertHost(tx, { ...host, name: host.address, transport: 'ssh', oneTime: true }, by);
    return added.id;
  }
  const there = hostRow(raw);
  if (!there.oneTime) throw new HostTakenError(there.name, 'name it as any other host, without an address');
  const isSame = there.port === host.port && there.user === host.user;
  if (!isSame && (await isWanted(tx, there)))
    throw new HostTakenError(
      there.name,
      `another job reaches it as ${there.user}@${there.address}:${there.port}; wait for its end`,
    );
  // Also where nothing changes: it may have been set aside, and should be looked at again for this job.
  await updateHost(tx.session, there.id, { port: host.port, user: host.user }, by);
  return there.id;
}

async function isWanted(tx: Tx, { id }: HostRow): Promise<boolean> {
  const entry = await tx.db
    .selectFrom('entries')
    .select('id')
    .where('hostId', '=', id)
    .where('state', '!=', 'finished')
    .limit(1)
    .executeTakeFirst();
  return entry !== undefined;
}
