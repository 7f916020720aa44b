import { entryMachine } from '../../../model/entry.ts';
import type { AccountStore } from '../../database.ts';
import { NotFoundError } from '../../errors.ts';
import type { AccountRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { upsert } from '../../upsert.ts';
import { orNull, rowReader } from '../../values.ts';

const accountRow = rowReader<AccountRow>();

export function accountStore(session: Session): AccountStore {
  return {
    set: (account, by) =>
      session.write(async (tx) => {
        const row = { name: account.name, weight: account.weight, maxHosts: orNull(account.maxHosts) };
        await upsert(tx, 'accounts', [row], { key: ['name'], update: ['weight', 'maxHosts'] });
        tx.emit({ kind: 'account.changed', data: { ...account, by } });
        return accountRow(row);
      }),
    remove: (name, by) =>
      session.write(async (tx) => {
        const { numDeletedRows } = await tx.db.deleteFrom('accounts').where('name', '=', name).executeTakeFirst();
        if (numDeletedRows === 0n) throw new NotFoundError('account', name);
        tx.emit({ kind: 'account.changed', data: { name, removed: true, by } });
      }),
    async list() {
      return (await session.db.selectFrom('accounts').selectAll().orderBy('name').execute()).map(accountRow);
    },
    heldHosts: () => heldHosts(session),
  };
}

/** Entries that are neither queued nor over and have a host hold it. States are listed, not excluded, so that the index on them serves. */
async function heldHosts({ db }: Session): Promise<Map<string, number>> {
  const holding = entryMachine.states.filter((state) => state !== 'queued' && state !== 'finished');
  const rows = await db
    .selectFrom('entries')
    .innerJoin('jobs', 'jobs.id', 'entries.jobId')
    .select(({ fn }) => ['jobs.account', fn.countAll<number | string>().as('count')])
    .where('entries.state', 'in', holding)
    .where('entries.hostId', 'is not', null)
    .groupBy('jobs.account')
    .execute();
  return new Map(rows.map(({ account, count }) => [account, Number(count)]));
}
