import { testMessage } from '@autotest/core';
import type { Database, DeliveryRow, NotificationRuleRow } from '@autotest/core/db';
import { requireOwner, requireRole, type Principal } from '../auth/principal.ts';
import { ArgumentError, MissingError } from '../errors.ts';
import { given, rowId } from '../schema/arguments.ts';
import { InputInvalidType } from '../schema/user-error.ts';
import { newRule, readFilter } from './new-rule.ts';
import type { AddNotificationRuleInput, UpdateNotificationRuleInput } from './notification.input.ts';
import { NotificationRuleSuccessType } from './notification.type.ts';

type Answer = NotificationRuleSuccessType | InputInvalidType;

/** @throws ForbiddenError MissingError */
export async function addRule(
  database: Database,
  principal: Principal,
  input: AddNotificationRuleInput,
): Promise<Answer> {
  requireRole(principal, 'user', 'add notification rules');
  const rule = newRule(principal.user.login, input.target, ['input', 'target']);
  if (rule instanceof InputInvalidType) return rule;
  const filter = readFilter(input.filter);
  if (filter instanceof InputInvalidType) return filter;
  const jobId = input.jobId ? await existingJob(database, input.jobId) : undefined;
  const row = await database.notifications.addRule({ ...rule, filter, ...(jobId !== undefined && { jobId }) });
  return new NotificationRuleSuccessType(row, row.secret);
}

async function existingJob({ jobs }: Database, id: string): Promise<number> {
  const job = await jobs.byId(rowId(id) ?? 0);
  if (job === undefined) throw new MissingError('job', id);
  return job.id;
}

/** @throws ForbiddenError MissingError */
export async function updateRule(
  database: Database,
  principal: Principal,
  id: string,
  input: UpdateNotificationRuleInput,
): Promise<Answer> {
  const rule = await ownRule(database, principal, rowId(id), `change notification rule ${id}`);
  const filter = input.filter ? readFilter(input.filter) : undefined;
  if (filter instanceof InputInvalidType) return filter;
  const enabled = given(input.enabled);
  const row = await database.notifications.updateRule(
    rule.id,
    { ...(enabled !== undefined && { enabled }), ...(filter && { filter }) },
    principal.user.login,
  );
  return new NotificationRuleSuccessType(row);
}

/** @throws ForbiddenError MissingError */
export async function removeRule(database: Database, principal: Principal, id: string): Promise<boolean> {
  const rule = await ownRule(database, principal, rowId(id), `remove notification rule ${id}`);
  await database.notifications.removeRule(rule.id, principal.user.login);
  return true;
}

/** @throws ForbiddenError MissingError ArgumentError */
export async function testRule(database: Database, principal: Principal, id: string): Promise<DeliveryRow> {
  const rule = await ownRule(database, principal, rowId(id), `test notification rule ${id}`);
  checkEnabled(rule);
  const { login } = principal.user;
  return database.notifications.enqueueTest(rule.id, JSON.stringify(testMessage(rule, login, Date.now())), login);
}

/** @throws ForbiddenError MissingError ArgumentError */
export async function redeliver(database: Database, principal: Principal, id: string): Promise<DeliveryRow> {
  const delivery = await database.notifications.deliveryById(rowId(id) ?? 0);
  if (delivery === undefined) throw new MissingError('delivery', id);
  checkEnabled(await ownRule(database, principal, delivery.ruleId, `send delivery ${id} again`));
  return database.notifications.redeliver(delivery.id, principal.user.login);
}

/** A rule that one may manage: one's own, for administrators any. */
async function ownRule(
  { notifications }: Database,
  principal: Principal,
  id: number | undefined,
  what: string,
): Promise<NotificationRuleRow> {
  requireRole(principal, 'user', what);
  const rule = id === undefined ? undefined : await notifications.ruleById(id);
  if (rule === undefined) throw new MissingError('notification rule', String(id ?? 'with this id'));
  requireOwner(principal, rule.owner, what);
  return rule;
}

function checkEnabled({ id, enabled }: NotificationRuleRow): void {
  if (!enabled) throw new ArgumentError('id', `names rule ${id}, which is switched off; switch it on first.`);
}
