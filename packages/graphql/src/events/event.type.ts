import type { JsonValue } from '@autotest/core';
import { Field, ID, ObjectType } from 'type-graphql';
import { EntryType } from '../entries/entry.type.ts';
import { HostType } from '../hosts/host.type.ts';
import { JobType } from '../jobs/job.type.ts';
import { TestResultType } from '../results/result.type.ts';
import { DateTimeScalar, JsonScalar } from '../schema/scalars.ts';

@ObjectType('Event')
export class EventType {
  @Field(() => String, { description: 'Cursor: give it as `after` to go on behind this event.' })
  readonly id!: string;

  @Field(() => DateTimeScalar)
  readonly at!: number;

  @Field(() => String)
  readonly kind!: string;

  @Field(() => ID, { nullable: true })
  readonly jobId?: number;

  @Field(() => ID, { nullable: true })
  readonly entryId?: number;

  @Field(() => ID, { nullable: true })
  readonly executionId?: number;

  @Field(() => ID, { nullable: true })
  readonly hostId?: number;

  @Field(() => ID, { nullable: true })
  readonly taskId?: number;

  @Field(() => JsonScalar)
  readonly data!: JsonValue;

  @Field(() => JobType, {
    nullable: true,
    description: 'The things as they are now, so that a page can update itself from the event alone.',
  })
  readonly job?: JobType;

  @Field(() => EntryType, { nullable: true })
  readonly entry?: EntryType;

  @Field(() => HostType, { nullable: true })
  readonly host?: HostType;

  @Field(() => TestResultType, { nullable: true })
  readonly result?: TestResultType;
}
