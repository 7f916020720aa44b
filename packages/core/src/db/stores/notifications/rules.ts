import type { NewNotificationRule, NotificationStore } from '../../database.ts';
import { NotFoundError } from '../../errors.ts';
import type { NotificationRuleRow } from '../../rows.ts';
import type { Session, Tx } from '../../session.ts';
import { chunks, clipName, orNull, toFlag, toJson } from '../../values.ts';
import { ensureCursor } from './cursor.ts';
import { clipProblem, emitChange, ruleRow } from './rows.ts';

export function addRule(session: Session, rule: NewNotificationRule): Promise<NotificationRuleRow> {
  return session.write((tx) => insertRule(tx, rule));
}

/** Adds a rule in a transaction that does more. From this transaction on events are looked at, whether a notifier runs or not. */
export async function insertRule(tx: Tx, rule: NewNotificationRule): Promise<NotificationRuleRow> {
  await ensureCursor(tx);
  const values = {
    owner: clipName(rule.owner),
    jobId: orNull(rule.jobId),
    channel: rule.channel,
    target: rule.target,
    secret: orNull(rule.secret),
    filter: toJson(rule.filter ?? {}),
    enabled: toFlag(true),
    createdAt: tx.now,
  };
  const { insertId } = await tx.db.insertInto('notification_rules').values(values).executeTakeFirstOrThrow();
  const id = Number(insertId);
  emitChange(tx, 'added', { ruleId: id, by: rule.owner });
  return ruleRow({ id, ...values });
}

export function updateRule(
  session: Session,
  id: number,
  { enabled, filter, reason = 'The rule was switched off.' }: Parameters<NotificationStore['updateRule']>[1],
  by: string,
): Promise<NotificationRuleRow> {
  return session.write(async (tx) => {
    await tx.db
      .updateTable('notification_rules')
      .set({
        id,
        ...(enabled !== undefined && { enabled: toFlag(enabled) }),
        ...(filter !== undefined && { filter: toJson(filter) }),
      })
      .where('id', '=', id)
      .execute();
    const row = await ruleById(session, id);
    if (row === undefined) throw new NotFoundError('notification rule', id);
    if (enabled === false)
      await tx.db
        .updateTable('deliveries')
        .set({ state: 'failed', problem: clipProblem(reason), nextAt: null })
        .where('ruleId', '=', id)
        .where('state', '=', 'queued')
        .execute();
    emitChange(tx, 'changed', { ruleId: id, by });
    return row;
  });
}

export function removeRule(session: Session, id: number, by: string): Promise<void> {
  return session.write(async (tx) => {
    const { numDeletedRows } = await tx.db.deleteFrom('notification_rules').where('id', '=', id).executeTakeFirst();
    if (numDeletedRows !== 1n) throw new NotFoundError('notification rule', id);
    await tx.db.deleteFrom('deliveries').where('ruleId', '=', id).execute();
    emitChange(tx, 'removed', { ruleId: id, by });
  });
}

export async function ruleById({ db }: Session, id: number): Promise<NotificationRuleRow | undefined> {
  const raw = await db.selectFrom('notification_rules').selectAll().where('id', '=', id).executeTakeFirst();
  return raw && ruleRow(raw);
}

export async function listRules(
  { db }: Session,
  { first, beforeId, owner, jobId }: Parameters<NotificationStore['rules']>[0],
): Promise<NotificationRuleRow[]> {
  let query = db.selectFrom('notification_rules').selectAll().orderBy('id', 'desc').limit(first);
  if (beforeId !== undefined) query = query.where('id', '<', beforeId);
  if (owner !== undefined) query = query.where('owner', '=', owner);
  if (jobId !== undefined) query = query.where('jobId', '=', jobId);
  return (await query.execute()).map(ruleRow);
}

export async function standingRule(
  { db }: Session,
  owner: string,
  target: string,
): Promise<NotificationRuleRow | undefined> {
  const raw = await db
    .selectFrom('notification_rules')
    .selectAll()
    .where('jobId', 'is', null)
    .where('owner', '=', owner)
    .where('target', '=', target)
    .orderBy('id', 'desc')
    .executeTakeFirst();
  return raw && ruleRow(raw);
}

export async function rulesAbout({ db }: Session, jobIds: readonly number[]): Promise<NotificationRuleRow[]> {
  const enabled = db.selectFrom('notification_rules').selectAll().where('enabled', '=', 1).orderBy('id');
  const parts = chunks(jobIds).map((part) => enabled.where('jobId', 'in', part).execute());
  return (await Promise.all([enabled.where('jobId', 'is', null).execute(), ...parts])).flat().map(ruleRow);
}
