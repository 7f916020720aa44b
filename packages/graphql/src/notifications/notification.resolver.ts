import type { JsonValue } from '@autotest/core';
import type { DeliveryRow, DeliveryState, NotificationRuleRow } from '@autotest/core/db';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { requireOwner, type Principal } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { ArgumentError } from '../errors.ts';
import { checkFirst, rowId } from '../schema/arguments.ts';
import { pageOf, type Page } from '../schema/page.ts';
import { JsonScalar } from '../schema/scalars.ts';
import type { InputInvalidType } from '../schema/user-error.ts';
import { addRule, redeliver, removeRule, testRule, updateRule } from './manage-rules.ts';
import { AddNotificationRuleInput, UpdateNotificationRuleInput } from './notification.input.ts';
import {
  DeliveryStateEnum,
  NotificationDeliveryConnectionType,
  NotificationDeliveryType,
  NotificationFilterType,
  NotificationRuleConnectionType,
  NotificationRuleResultUnion,
  NotificationRuleType,
  type NotificationRuleSuccessType,
} from './notification.type.ts';

const maxFirst = 500;

@Resolver(() => NotificationRuleType)
export class NotificationRuleResolver {
  @Query(() => NotificationRuleConnectionType, {
    description: 'Rules of notification, newest first: your own; for administrators those of everybody.',
  })
  async notificationRules(
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) firstOrNull: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('owner', () => String, { nullable: true }) owner: string | null | undefined,
    @Arg('jobId', () => ID, { nullable: true }) jobId: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<Page<NotificationRuleRow>> {
    const principal = principalOf(context);
    const first = checkFirst(firstOrNull ?? 100, maxFirst);
    const rows = await context.services.database.notifications.rules({
      first: first + 1,
      ...ownerSeenBy(principal, owner),
      ...idFilter('beforeId', after),
      ...idFilter('jobId', jobId),
    });
    return pageOf(rows, first, ({ id }) => String(id));
  }

  @Mutation(() => NotificationRuleResultUnion)
  addNotificationRule(
    @Arg('input', () => AddNotificationRuleInput) input: AddNotificationRuleInput,
    @Ctx() context: ApiContext,
  ): Promise<NotificationRuleSuccessType | InputInvalidType> {
    return addRule(context.services.database, principalOf(context), input);
  }

  @Mutation(() => NotificationRuleResultUnion)
  updateNotificationRule(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => UpdateNotificationRuleInput) input: UpdateNotificationRuleInput,
    @Ctx() context: ApiContext,
  ): Promise<NotificationRuleSuccessType | InputInvalidType> {
    return updateRule(context.services.database, principalOf(context), id, input);
  }

  @Mutation(() => Boolean, { description: 'Removes a rule with its deliveries.' })
  removeNotificationRule(@Arg('id', () => ID) id: string, @Ctx() context: ApiContext): Promise<boolean> {
    return removeRule(context.services.database, principalOf(context), id);
  }

  @Mutation(() => NotificationDeliveryType, { description: 'Sends a message that says only that the rule works.' })
  testNotificationRule(@Arg('id', () => ID) id: string, @Ctx() context: ApiContext): Promise<DeliveryRow> {
    return testRule(context.services.database, principalOf(context), id);
  }

  @FieldResolver(() => Boolean)
  signed(@Root() { secret }: NotificationRuleRow): boolean {
    return secret !== undefined;
  }

  @FieldResolver(() => NotificationFilterType)
  filter(@Root() { filter }: NotificationRuleRow): NotificationFilterType {
    return { on: ['job.finished'], ...filter };
  }
}

@Resolver(() => NotificationDeliveryType)
export class NotificationDeliveryResolver {
  @Query(() => NotificationDeliveryConnectionType, {
    description: 'What was sent or is to be, newest first: of your own rules; for administrators of all.',
  })
  async notificationDeliveries(
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) firstOrNull: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('owner', () => String, { nullable: true }) owner: string | null | undefined,
    @Arg('ruleId', () => ID, { nullable: true }) ruleId: string | null | undefined,
    @Arg('jobId', () => ID, { nullable: true }) jobId: string | null | undefined,
    @Arg('state', () => DeliveryStateEnum, { nullable: true }) state: DeliveryState | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<Page<DeliveryRow>> {
    const principal = principalOf(context);
    const first = checkFirst(firstOrNull ?? 100, maxFirst);
    const rows = await context.services.database.notifications.deliveries({
      first: first + 1,
      ...ownerSeenBy(principal, owner),
      ...idFilter('beforeId', after),
      ...idFilter('ruleId', ruleId),
      ...idFilter('jobId', jobId),
      ...(state && { state }),
    });
    return pageOf(rows, first, ({ id }) => String(id));
  }

  @Mutation(() => NotificationDeliveryType, { description: 'Sends a delivery once more, under the same id.' })
  redeliverNotification(@Arg('id', () => ID) id: string, @Ctx() context: ApiContext): Promise<DeliveryRow> {
    return redeliver(context.services.database, principalOf(context), id);
  }

  @FieldResolver(() => JsonScalar)
  message(@Root() { payload }: DeliveryRow): JsonValue {
    // oxlint-disable-next-line no-unsafe-type-assertion -- what our own parts wrote
    return JSON.parse(payload) as JsonValue;
  }
}

/** Whose things somebody sees: administrators everybody's, or one person's; others only their own. @throws ForbiddenError */
function ownerSeenBy(principal: Principal, asked: string | null | undefined): { owner?: string } {
  const { login, role } = principal.user;
  if (asked && asked !== login) requireOwner(principal, asked, `see the notifications of ${asked.slice(0, 100)}`);
  if (asked) return { owner: asked };
  return role === 'admin' ? {} : { owner: login };
}

/** @throws ArgumentError */
function idFilter<Name extends string>(name: Name, id: string | null | undefined): { [Key in Name]?: number } {
  if (!id) return {};
  const number = rowId(id);
  if (number === undefined) throw new ArgumentError(name === 'beforeId' ? 'after' : name, 'is no id of these things.');
  // oxlint-disable-next-line no-unsafe-type-assertion -- one property of this name
  return { [name]: number } as { [Key in Name]?: number };
}
