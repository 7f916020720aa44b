import type { EntryOutcome, JsonValue } from '@autotest/core';
import {
  deliveryStates,
  notificationChannels,
  type DeliveryState,
  type NotificationChannel,
  type NotificationFilter,
} from '@autotest/core/db';
import { createUnionType, Field, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { EntryOutcomeEnum, enumOf } from '../schema/enums.ts';
import { connectionOf } from '../schema/page.ts';
import { DateTimeScalar, JsonScalar } from '../schema/scalars.ts';
import { InputInvalidType } from '../schema/user-error.ts';

export type Occasion = NonNullable<NotificationFilter['on']>[number];

/** GraphQL takes no dots in names. */
export const OccasionEnum = {
  jobFinished: 'job.finished',
  jobStarted: 'job.started',
  hostSetAside: 'host.setAside',
} as const satisfies Readonly<Record<string, Occasion>>;
registerEnumType(OccasionEnum, { name: 'NotificationOccasion' });
export const ChannelEnum = enumOf('NotificationChannel', notificationChannels);
export const DeliveryStateEnum = enumOf('DeliveryState', deliveryStates);

@ObjectType('NotificationFilter', { description: 'What a rule is told of; a field that is null asks for nothing.' })
export class NotificationFilterType {
  @Field(() => [OccasionEnum])
  readonly on!: readonly Occasion[];

  @Field(() => [EntryOutcomeEnum], { nullable: true, description: 'Only jobs that end with one of these.' })
  readonly outcomes?: readonly EntryOutcome[];

  @Field(() => String, { nullable: true, description: 'Only jobs of this owner.' })
  readonly owner?: string;

  @Field(() => String, { nullable: true, description: 'Only jobs whose name contains this, in whatever case.' })
  readonly nameContains?: string;

  @Field(() => ID, { nullable: true, description: 'Only jobs of this suite.' })
  readonly suiteId?: number;
}

@ObjectType('NotificationRule', { description: 'Who wants to hear of what, and how.' })
export class NotificationRuleType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => String)
  readonly owner!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The one job that it is about; null: any that the filter lets through.',
  })
  readonly jobId?: number;

  @Field(() => ChannelEnum)
  readonly channel!: NotificationChannel;

  @Field(() => String, { description: 'Addresses separated by commas, or a URL.' })
  readonly target!: string;

  @Field(() => Boolean, { description: 'Whether its messages are signed; the secret is shown only when it is made.' })
  readonly signed!: boolean;

  @Field(() => NotificationFilterType)
  readonly filter!: NotificationFilterType;

  @Field(() => Boolean)
  readonly enabled!: boolean;

  @Field(() => DateTimeScalar)
  readonly createdAt!: number;
}

@ObjectType('NotificationDelivery', { description: 'One message of a rule, and what came of it.' })
export class NotificationDeliveryType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => ID)
  readonly ruleId!: number;

  @Field(() => ID, { nullable: true })
  readonly jobId?: number;

  @Field(() => DeliveryStateEnum)
  readonly state!: DeliveryState;

  @Field(() => Int)
  readonly attempts!: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it is tried, or tried again.' })
  readonly nextAt?: number;

  @Field(() => String, { nullable: true, description: 'Why the last attempt did not go well.' })
  readonly problem?: string;

  @Field(() => DateTimeScalar)
  readonly createdAt!: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly sentAt?: number;

  @Field(() => JsonScalar, { description: 'The message: body of a webhook, and what a mail is written from.' })
  readonly message!: JsonValue;
}

@ObjectType('NotificationRuleSuccess')
export class NotificationRuleSuccessType {
  @Field(() => NotificationRuleType)
  readonly rule: NotificationRuleType;

  @Field(() => String, {
    nullable: true,
    description: 'Key that the new rule signs webhooks with. It is not shown again.',
  })
  readonly secret: string | undefined;

  constructor(rule: object, secret?: string) {
    // oxlint-disable-next-line no-unsafe-type-assertion -- fields that a row has not are resolved from it
    this.rule = rule as NotificationRuleType;
    this.secret = secret;
  }
}

export const NotificationRuleResultUnion = createUnionType({
  name: 'NotificationRuleResult',
  types: () => [NotificationRuleSuccessType, InputInvalidType] as const,
});

export const NotificationRuleConnectionType = connectionOf('NotificationRule', () => NotificationRuleType);

export const NotificationDeliveryConnectionType = connectionOf('NotificationDelivery', () => NotificationDeliveryType);
