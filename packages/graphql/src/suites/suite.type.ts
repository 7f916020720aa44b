import type { EntryOutcome } from '@autotest/core';
import { createUnionType, Field, ID, Int, ObjectType } from 'type-graphql';
import { JobType } from '../jobs/job.type.ts';
import { EntryOutcomeEnum } from '../schema/enums.ts';
import { connectionOf } from '../schema/page.ts';
import { DateTimeScalar } from '../schema/scalars.ts';
import { InputInvalidType } from '../schema/user-error.ts';
import { ControlInvalidType, HostsUnavailableType, ParamsInvalidType } from '../submit/submit.type.ts';

@ObjectType('Suite', { description: 'Jobs that belong together.' })
export class SuiteType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => String)
  readonly name!: string;

  @Field(() => String)
  readonly owner!: string;

  @Field(() => Int)
  readonly jobCount!: number;

  @Field(() => Int)
  readonly finishedCount!: number;

  @Field(() => EntryOutcomeEnum, { nullable: true, description: 'Of its jobs that are over.' })
  readonly worstOutcome?: EntryOutcome;

  @Field(() => DateTimeScalar)
  readonly createdAt!: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly finishedAt?: number;

  @Field(() => [JobType])
  readonly jobs!: readonly JobType[];
}

export const SuiteConnectionType = connectionOf('Suite', () => SuiteType);

@ObjectType('AbortSuitePayload')
export class AbortSuitePayloadType {
  @Field(() => SuiteType)
  readonly suite!: SuiteType;

  @Field(() => Int, { description: 'Entries that were asked to end.' })
  readonly entries!: number;
}

@ObjectType('CreateSuiteSuccess')
export class CreateSuiteSuccessType {
  @Field(() => SuiteType)
  readonly suite: SuiteType;

  @Field(() => Boolean, { description: 'True where the requestId was seen before.' })
  readonly repeated: boolean;

  constructor(suite: object, repeated: boolean) {
    // oxlint-disable-next-line no-unsafe-type-assertion -- fields that a row has not are resolved from it
    this.suite = suite as SuiteType;
    this.repeated = repeated;
  }
}

export const CreateSuiteResultUnion = createUnionType({
  name: 'CreateSuiteResult',
  types: () =>
    [CreateSuiteSuccessType, ControlInvalidType, ParamsInvalidType, HostsUnavailableType, InputInvalidType] as const,
});
