import type { JsonValue } from '@autotest/core';
import type { MissedRunPolicy } from '@autotest/core/db';
import { createUnionType, Field, ID, Int, ObjectType } from 'type-graphql';
import { ControlFileType, JobType } from '../jobs/job.type.ts';
import { MissedRunPolicyEnum } from '../schema/enums.ts';
import { connectionOf } from '../schema/page.ts';
import { DateTimeScalar, DurationScalar, JsonScalar } from '../schema/scalars.ts';
import { InputInvalidType } from '../schema/user-error.ts';
import { ControlInvalidType, HostsUnavailableType, ParamsInvalidType } from '../submit/submit.type.ts';

@ObjectType('Recurring', { description: 'A job that is submitted again and again.' })
export class RecurringType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => String)
  readonly name!: string;

  @Field(() => String)
  readonly owner!: string;

  @Field(() => Boolean)
  readonly enabled!: boolean;

  @Field(() => String, { nullable: true })
  readonly cron?: string;

  @Field(() => String, { nullable: true })
  readonly timezone?: string;

  @Field(() => DurationScalar, { nullable: true })
  readonly every?: number | undefined;

  @Field(() => MissedRunPolicyEnum)
  readonly missed!: MissedRunPolicy;

  @Field(() => Int, { nullable: true, description: 'Submissions left; null: without end.' })
  readonly remaining?: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly nextAt?: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly lastAt?: number;

  @Field(() => JobType, { nullable: true })
  readonly lastJob?: JobType;

  @Field(() => String, { nullable: true, description: 'Why it could not be submitted the last time.' })
  readonly problem?: string;

  @Field(() => DateTimeScalar)
  readonly createdAt!: number;

  @Field(() => ControlFileType)
  readonly control!: ControlFileType;

  @Field(() => JsonScalar, { description: 'What is submitted each time, besides the control file.' })
  readonly job!: JsonValue;
}

export const RecurringConnectionType = connectionOf('Recurring', () => RecurringType);

@ObjectType('RecurringSuccess')
export class RecurringSuccessType {
  @Field(() => RecurringType)
  readonly recurring: RecurringType;

  constructor(recurring: object) {
    // oxlint-disable-next-line no-unsafe-type-assertion -- fields that a row has not are resolved from it
    this.recurring = recurring as RecurringType;
  }
}

export const AddRecurringResultUnion = createUnionType({
  name: 'AddRecurringResult',
  types: () =>
    [RecurringSuccessType, ControlInvalidType, ParamsInvalidType, HostsUnavailableType, InputInvalidType] as const,
});

export const UpdateRecurringResultUnion = createUnionType({
  name: 'UpdateRecurringResult',
  types: () => [RecurringSuccessType, InputInvalidType] as const,
});

@ObjectType('RunRecurringSuccess')
export class RunRecurringSuccessType {
  @Field(() => JobType)
  readonly job: JobType;

  constructor(job: object) {
    // oxlint-disable-next-line no-unsafe-type-assertion -- fields that a row has not are resolved from it
    this.job = job as JobType;
  }
}

export const RunRecurringResultUnion = createUnionType({
  name: 'RunRecurringResult',
  types: () => [RunRecurringSuccessType, InputInvalidType] as const,
});
