import type { EntryOutcome, EntryState } from '@autotest/core';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { ExecutionType } from '../executions/execution.type.ts';
import { HostType } from '../hosts/host.type.ts';
import { CauseType } from '../schema/cause.ts';
import { EntryOutcomeEnum, EntryStateEnum } from '../schema/enums.ts';
import { DateTimeScalar } from '../schema/scalars.ts';
import { WhyType } from './why/why.type.ts';

@ObjectType('WaitingReason')
export class WaitingReasonType {
  @Field(() => String)
  readonly code!: string;

  @Field(() => String)
  readonly message!: string;
}

@ObjectType('Entry')
export class EntryType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => Int)
  readonly index!: number;

  @Field(() => EntryStateEnum)
  readonly state!: EntryState;

  @Field(() => EntryOutcomeEnum, { nullable: true })
  readonly outcome?: EntryOutcome;

  @Field(() => CauseType, { nullable: true })
  readonly cause?: CauseType;

  @Field(() => HostType, { nullable: true })
  readonly host?: HostType;

  @Field(() => Boolean, { description: 'The submission named the host; otherwise it is chosen.' })
  readonly named!: boolean;

  @Field(() => Boolean, { description: 'Of a job without hosts.' })
  readonly hostless!: boolean;

  @Field(() => WaitingReasonType, { nullable: true, description: 'Why it waits, while it does.' })
  readonly waiting?: WaitingReasonType;

  @Field(() => WhyType, {
    nullable: true,
    description: 'Why it is not running yet, with what would help; null from then on.',
  })
  readonly why?: WhyType;

  @Field(() => ExecutionType, { nullable: true })
  readonly execution?: ExecutionType;

  @Field(() => DateTimeScalar)
  readonly queuedAt!: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly startedAt?: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly finishedAt?: number;
}
