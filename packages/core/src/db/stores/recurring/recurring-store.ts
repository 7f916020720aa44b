import type { RecurringStore } from '../../database.ts';
import type { RecurringRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { addRecurring } from './add.ts';
import { claimDue } from './claim.ts';
import { recurringRow } from './row.ts';
import { runNow } from './run-now.ts';
import { removeRecurring, updateRecurring } from './update.ts';

export function recurringStore(session: Session): RecurringStore {
  return {
    add: (recurring) => addRecurring(session, recurring),
    update: (id, patch, by) => updateRecurring(session, id, patch, by),
    remove: (id, by) => removeRecurring(session, id, by),
    async byId(id) {
      const raw = await session.db.selectFrom('recurring').selectAll().where('id', '=', id).executeTakeFirst();
      return raw && recurringRow(raw);
    },
    list: (query) => listRecurring(session, query),
    async nextAt() {
      const raw = await session.db
        .selectFrom('recurring')
        .select('nextAt')
        .where('enabled', '=', 1)
        .where('nextAt', 'is not', null)
        .orderBy('nextAt')
        .limit(1)
        .executeTakeFirst();
      return raw?.nextAt ?? undefined;
    },
    claimDue: (now) => claimDue(session, now),
    runNow: (id) => runNow(session, id),
  };
}

async function listRecurring({ db }: Session, query: Parameters<RecurringStore['list']>[0]): Promise<RecurringRow[]> {
  const { first, beforeId, owner } = query;
  let select = db.selectFrom('recurring').selectAll().orderBy('id', 'desc').limit(first);
  if (beforeId !== undefined) select = select.where('id', '<', beforeId);
  if (owner !== undefined) select = select.where('owner', '=', owner);
  return (await select.execute()).map(recurringRow);
}
