import { randomBytes } from 'node:crypto';
import { parseNotificationTarget } from '@autotest/core';
import type { Database, NewNotificationRule, NotificationFilter } from '@autotest/core/db';
import { rowId } from '../schema/arguments.ts';
import { InputInvalidType } from '../schema/user-error.ts';
import type { NotificationFilterInput } from './notification.input.ts';
import { NotificationRuleSuccessType } from './notification.type.ts';

const maxNameLength = 255;
const maxTargets = 10;

/** A rule for what somebody gave as a target, with a secret where it needs one. */
export function newRule(
  owner: string,
  target: string,
  path: readonly string[],
): NewNotificationRule | InputInvalidType {
  const read = parseNotificationTarget(target);
  if ('problem' in read) return new InputInvalidType(read.problem, path);
  return { owner, ...read, ...(read.channel === 'webhook' && { secret: newWebhookSecret() }) };
}

/** As the Standard Webhooks specification writes them. */
function newWebhookSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** A rule of a submission. */
export interface PlannedRule {
  readonly rule: NewNotificationRule;
  /** It was made for this rule, so that nobody knows it yet. */
  readonly isNewSecret: boolean;
}

/**
 * Rules for the targets that a submission names. A webhook that the owner has a standing rule for is signed with that rule's secret, which its receiver knows.
 */
export async function planRules(
  { notifications }: Database,
  owner: string,
  targets: readonly string[],
): Promise<PlannedRule[] | InputInvalidType> {
  const path = ['input', 'notify'];
  if (targets.length > maxTargets) return new InputInvalidType(`A job notifies at most ${maxTargets} targets.`, path);
  const planned = new Map<string, PlannedRule>();
  for (const target of targets) {
    const rule = newRule(owner, target, path);
    if (rule instanceof InputInvalidType) return rule;
    const known = await notifications.standingRule(owner, rule.target);
    const isNewSecret = rule.secret !== undefined && known?.secret === undefined;
    planned.set(rule.target, {
      rule: known?.secret === undefined ? rule : { ...rule, secret: known.secret },
      isNewSecret,
    });
  }
  return [...planned.values()];
}

/** The rules that a submission made, with the secrets that nobody knows yet. */
export async function plannedRulesOf(
  { notifications }: Database,
  jobId: number,
  planned: readonly PlannedRule[],
): Promise<NotificationRuleSuccessType[]> {
  if (planned.length === 0) return [];
  const rows = await notifications.rules({ jobId, first: planned.length });
  return rows.reverse().map((row) => {
    const isNew = planned.some(({ rule, isNewSecret }) => isNewSecret && rule.target === row.target);
    return new NotificationRuleSuccessType(row, isNew ? row.secret : undefined);
  });
}

export function readFilter(input: NotificationFilterInput | null | undefined): NotificationFilter | InputInvalidType {
  const { on, outcomes, owner, nameContains, suiteId } = input ?? {};
  const invalid = (field: string, message: string) => new InputInvalidType(message, ['input', 'filter', field]);
  if (on?.length === 0) return invalid('on', 'A rule that is told of nothing is of no use: leave `on` out or fill it.');
  if (outcomes?.length === 0)
    return invalid('outcomes', 'No job has none of the outcomes: leave them out or fill them.');
  for (const [field, text] of Object.entries({ owner, nameContains }))
    if (text && text.length > maxNameLength) return invalid(field, `It is longer than ${maxNameLength} characters.`);
  const suite = suiteId ? rowId(suiteId) : undefined;
  if (suiteId && suite === undefined) return invalid('suiteId', 'It is not the id of a suite.');
  return {
    ...(on && { on: [...new Set(on)] }),
    ...(outcomes && { outcomes: [...new Set(outcomes)] }),
    ...(owner && { owner }),
    ...(nameContains && { nameContains }),
    ...(suite !== undefined && { suiteId: suite }),
  };
}
