import type { EntryOutcome } from '@autotest/core';
import { Field, ID, InputType } from 'type-graphql';
import { EntryOutcomeEnum } from '../schema/enums.ts';
import { OccasionEnum, type Occasion } from './notification.type.ts';

@InputType('NotificationFilterInput')
export class NotificationFilterInput {
  @Field(() => [OccasionEnum], { nullable: true, description: 'Default: jobFinished.' })
  readonly on?: readonly Occasion[] | null;

  @Field(() => [EntryOutcomeEnum], { nullable: true, description: 'Only jobs that end with one of these.' })
  readonly outcomes?: readonly EntryOutcome[] | null;

  @Field(() => String, { nullable: true, description: 'Only jobs of this owner. Default: of everybody.' })
  readonly owner?: string | null;

  @Field(() => String, { nullable: true, description: 'Only jobs whose name contains this, in whatever case.' })
  readonly nameContains?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only jobs of this suite.' })
  readonly suiteId?: string | null;
}

@InputType('AddNotificationRuleInput')
export class AddNotificationRuleInput {
  @Field(() => String, { description: 'Addresses of mail separated by commas, or the http(s) URL of a webhook.' })
  readonly target!: string;

  @Field(() => ID, { nullable: true, description: 'About this job alone.' })
  readonly jobId?: string | null;

  @Field(() => NotificationFilterInput, { nullable: true })
  readonly filter?: NotificationFilterInput | null;
}

@InputType('UpdateNotificationRuleInput')
export class UpdateNotificationRuleInput {
  @Field(() => Boolean, { nullable: true, description: 'Switching it off fails what is queued of it.' })
  readonly enabled?: boolean | null;

  @Field(() => NotificationFilterInput, { nullable: true, description: 'Takes the place of the whole filter.' })
  readonly filter?: NotificationFilterInput | null;
}
