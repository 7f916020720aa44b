import { hostMachine } from '../../../model/host.ts';
import type { NewHost } from '../../database.ts';
import { AlreadyExistsError } from '../../errors.ts';
import type { HostRow } from '../../rows.ts';
import { isDuplicate, type Session, type Tx } from '../../session.ts';
import { chunks, orNull, toFlag, toJson } from '../../values.ts';
import { hostRow } from './row.ts';

export async function addHost(session: Session, host: NewHost, by: string): Promise<HostRow> {
  try {
    return await session.write((tx) => insertHost(tx, host, by));
  } catch (error) {
    if (isDuplicate(error)) throw new AlreadyExistsError('host', host.name, error);
    throw error;
  }
}

/** As a part of a transaction. */
export async function insertHost(tx: Tx, host: NewHost, by: string): Promise<HostRow> {
  const values = valuesOf(tx, host);
  const { insertId } = await tx.db.insertInto('hosts').values(values).executeTakeFirstOrThrow();
  const id = Number(insertId);
  tx.emit({ kind: 'host.added', hostId: id, data: { name: host.name, by } });
  return hostRow({ id, ...values });
}

/** Adds all of them, in one transaction, or none; gives how many. */
export async function addHosts(session: Session, hosts: readonly NewHost[], by: string): Promise<number> {
  try {
    return await session.write(async (tx) => {
      for (const part of chunks(hosts)) {
        const names = part.map(({ name }) => name);
        await tx.db
          .insertInto('hosts')
          .values(part.map((host) => valuesOf(tx, host)))
          .execute();
        const added = await tx.db.selectFrom('hosts').select(['id', 'name']).where('name', 'in', names).execute();
        for (const { id, name } of added) tx.emit({ kind: 'host.added', hostId: id, data: { name, by } });
      }
      return hosts.length;
    });
  } catch (error) {
    if (isDuplicate(error)) throw new AlreadyExistsError('host', 'one of these hosts', error);
    throw error;
  }
}

function valuesOf(tx: Tx, host: NewHost) {
  return {
    name: host.name,
    version: 1,
    state: hostMachine.initial,
    transport: host.transport,
    address: host.address,
    port: host.port,
    user: host.user,
    keyFile: orNull(host.keyFile),
    hostKeys: toJson(host.hostKeys ?? []),
    labels: toJson(host.labels ?? []),
    attributes: toJson(host.attributes ?? {}),
    protection: host.protection ?? 'none',
    dirty: toFlag(false),
    draining: toFlag(false),
    health: 1,
    repairFailures: 0,
    oneTime: toFlag(host.oneTime ?? false),
    createdAt: tx.now,
  };
}
