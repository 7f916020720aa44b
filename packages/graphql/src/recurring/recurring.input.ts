import type { MissedRunPolicy } from '@autotest/core/db';
import { Field, InputType, Int } from 'type-graphql';
import { MissedRunPolicyEnum } from '../schema/enums.ts';
import { DateTimeScalar, DurationScalar } from '../schema/scalars.ts';
import { SubmitJobInput } from '../submit/submit.input.ts';

@InputType('ScheduleInput', { description: 'A cron expression, or `every`.' })
export class ScheduleInput {
  @Field(() => String, { nullable: true, description: 'Minute, hour, day of month, month, day of week.' })
  readonly cron?: string | null;

  @Field(() => String, { nullable: true, description: 'Of the cron expression, such as Europe/Berlin. Default: UTC.' })
  readonly timezone?: string | null;

  @Field(() => DurationScalar, { nullable: true, description: 'From one time to the next.' })
  readonly every?: number | null;
}

@InputType('AddRecurringInput')
export class AddRecurringInput {
  @Field(() => String, { nullable: true, description: "Default: the job's name." })
  readonly name?: string | null;

  @Field(() => SubmitJobInput, { description: 'What is submitted each time.' })
  readonly job!: SubmitJobInput;

  @Field(() => ScheduleInput)
  readonly schedule!: ScheduleInput;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Nothing is submitted before; of `every` the first time.',
  })
  readonly startAt?: number | null;

  @Field(() => MissedRunPolicyEnum, {
    nullable: true,
    defaultValue: 'once',
    description:
      'What becomes of runs that were missed while nobody was there: left out, made up for by one, or by all, at most 100.',
  })
  readonly missed?: MissedRunPolicy | null;

  @Field(() => Int, { nullable: true, description: 'How often it is submitted. Default: without end.' })
  readonly times?: number | null;
}

@InputType('UpdateRecurringInput', { description: 'What is left out stays as it is.' })
export class UpdateRecurringInput {
  @Field(() => String, { nullable: true })
  readonly name?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Enabled again it goes on with its next time from now.' })
  readonly enabled?: boolean | null;

  @Field(() => ScheduleInput, { nullable: true })
  readonly schedule?: ScheduleInput | null;

  @Field(() => MissedRunPolicyEnum, { nullable: true })
  readonly missed?: MissedRunPolicy | null;

  @Field(() => Int, { nullable: true, description: 'Submissions left.' })
  readonly times?: number | null;
}
