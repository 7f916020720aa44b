import { hostMachine } from '../../../model/host.ts';
import type { NewHost } from '../../database.ts';
import { AlreadyExistsError } from '../../errors.ts';
import type { HostRow } from '../../rows.ts';
import { isDuplicate, type Session } from '../../session.ts';
import { orNull, toFlag, toJson } from '../../values.ts';
import { hostRow } from './row.ts';

export async function addHost(session: Session, host: NewHost, by: string): Promise<HostRow> {
  try {
    return await session.write(async (tx) => {
      const values = {
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
      const { insertId } = await tx.db.insertInto('hosts').values(values).executeTakeFirstOrThrow();
      const id = Number(insertId);
      tx.emit({ kind: 'host.added', hostId: id, data: { name: host.name, by } });
      return hostRow({ id, ...values });
    });
  } catch (error) {
    if (isDuplicate(error)) throw new AlreadyExistsError('host', host.name, error);
    throw error;
  }
}
