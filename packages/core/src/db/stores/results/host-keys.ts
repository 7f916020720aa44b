import type { JournalRecord } from '../../../journal/record.ts';
import type { ExecutionRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { pinFurtherKeys, pinHostKey, replaceHostKeys } from '../hosts/update.ts';

/** OpenSSH public key: type and base64. */
const keyPattern = /^[a-z0-9@.-]{1,64} [A-Za-z0-9+/]{1,16000}={0,3}$/;

/**
 * Pins keys that were seen for the first time, for hosts that this execution works with and that have none; then those that hosts with a pinned key proved to have as well.
 * What an execution that installs hosts says of their new keys takes the place of the pinned ones.
 */
export async function pinSeenKeys(tx: Tx, execution: ExecutionRow, records: readonly JournalRecord[]): Promise<void> {
  const seen = new Map<string, string>();
  const proven = new Map<string, Set<string>>();
  const installed = new Map<string, Set<string>>();
  for (const record of records) {
    if (record.kind !== 'hostKey' && record.kind !== 'hostKeyProven') continue;
    if (typeof record.host !== 'string' || typeof record.key !== 'string' || !keyPattern.test(record.key)) continue;
    if (record.kind === 'hostKeyProven') {
      proven.set(record.host, (proven.get(record.host) ?? new Set()).add(record.key));
    } else if (record.replaces === true) {
      installed.set(record.host, (installed.get(record.host) ?? new Set()).add(record.key));
    } else if (!seen.has(record.host)) seen.set(record.host, record.key);
  }
  if (seen.size === 0 && proven.size === 0 && installed.size === 0) return;
  const installs = execution.purpose === 'provision' || execution.purpose === 'repair';
  for (const host of await hostsOf(tx, execution)) {
    const fresh = installed.get(host.name);
    if (fresh && installs) await replaceHostKeys(tx.session, host.id, [...fresh]);
    const key = seen.get(host.name);
    if (key !== undefined) await pinHostKey(tx.session, host.id, key);
    const further = proven.get(host.name);
    if (further) await pinFurtherKeys(tx.session, host.id, [...further]);
  }
}

async function hostsOf(tx: Tx, execution: ExecutionRow): Promise<{ id: number; name: string }[]> {
  const { db } = tx;
  return db
    .selectFrom('hosts')
    .select(['id', 'name'])
    .where((eb) =>
      eb.or([
        eb('id', 'in', db.selectFrom('entries').select('hostId').where('executionId', '=', execution.id)),
        eb(
          'id',
          'in',
          db
            .selectFrom('entries')
            .select('hostId')
            .where('jobId', '=', execution.jobId ?? 0),
        ),
        eb(
          'id',
          'in',
          db
            .selectFrom('tasks')
            .select('hostId')
            .where('id', '=', execution.taskId ?? 0),
        ),
      ]),
    )
    .execute();
}
