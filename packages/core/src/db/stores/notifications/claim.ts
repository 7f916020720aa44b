import { sql } from 'kysely';
import type { ClaimedDelivery, DueDelivery, NotificationStore } from '../../database.ts';
import type { Session } from '../../session.ts';
import { rowReader } from '../../values.ts';
import { deliveryRow, ruleRow } from './rows.ts';

/** Waiting to be sent, or being sent by somebody whose time is over. */
const open = ['queued', 'sending'] as const;

const dueRow = rowReader<DueDelivery>();

/**
 * Looks without locking: choosing what to send needs to know what is being sent already, which the database does not. Of a long queue for one target only
 * the first are given: with a plain limit they would hide everybody else's.
 */
export async function dueDeliveries(
  { db }: Session,
  { now, first, perTarget }: Parameters<NotificationStore['due']>[0],
): Promise<DueDelivery[]> {
  const ranked = db
    .selectFrom('deliveries as d')
    .innerJoin('notification_rules as r', 'r.id', 'd.ruleId')
    .select(['d.id', 'd.nextAt', 'r.channel', 'r.target'])
    .select(
      sql<number>`row_number() over (partition by ${sql.ref('r.channel')}, ${sql.ref('r.target')} order by ${sql.ref('d.nextAt')}, ${sql.ref('d.id')})`.as(
        'place',
      ),
    )
    .where('d.state', 'in', open)
    .where('d.nextAt', '<=', now)
    .where('r.enabled', '=', 1)
    .as('ranked');
  const rows = await db
    .selectFrom(ranked)
    .select(['id', 'channel', 'target'])
    .where('place', '<=', perTarget)
    .orderBy('nextAt')
    .orderBy('id')
    .limit(first)
    .execute();
  return rows.map(dueRow);
}

/** Rows that another connection is just claiming are passed over. */
export function claimDeliveries(
  session: Session,
  ids: readonly number[],
  { now, untilMs }: Parameters<NotificationStore['claim']>[1],
): Promise<ClaimedDelivery[]> {
  if (ids.length === 0) return Promise.resolve([]);
  return session.write(async ({ db }) => {
    let query = db
      .selectFrom('deliveries')
      .selectAll()
      .where('id', 'in', [...ids])
      .where('state', 'in', open)
      .where('nextAt', '<=', now)
      .orderBy('id');
    if (session.isServer) query = query.forUpdate().skipLocked();
    const taken = (await query.execute()).map(deliveryRow);
    if (taken.length === 0) return [];
    await db
      .updateTable('deliveries')
      .set((eb) => ({ state: 'sending', attempts: eb('attempts', '+', 1), nextAt: untilMs }))
      .where(
        'id',
        'in',
        taken.map(({ id }) => id),
      )
      .execute();
    const rules = await db
      .selectFrom('notification_rules')
      .selectAll()
      .where(
        'id',
        'in',
        taken.map(({ ruleId }) => ruleId),
      )
      .execute();
    const ruleOf = new Map(rules.map(ruleRow).map((rule) => [rule.id, rule]));
    return taken.flatMap((row) => {
      const rule = ruleOf.get(row.ruleId);
      const delivery = { ...row, state: 'sending', attempts: row.attempts + 1, nextAt: untilMs } as const;
      return rule === undefined ? [] : [{ delivery, rule }];
    });
  });
}
