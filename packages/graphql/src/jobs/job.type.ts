import type {
  ControlType,
  DependencyCondition,
  EntryOutcome,
  JobState,
  JsonValue,
  Priority,
  ReserveOn,
} from '@autotest/core';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { EntryType } from '../entries/entry.type.ts';
import { ExecutionType } from '../executions/execution.type.ts';
import { ResultCountsType, TestResultType } from '../results/result.type.ts';
import {
  ControlTypeEnum,
  DependencyConditionEnum,
  EntryOutcomeEnum,
  JobStateEnum,
  PriorityEnum,
  ReserveOnEnum,
} from '../schema/enums.ts';
import { connectionOf } from '../schema/page.ts';
import { DateTimeScalar, DurationScalar, JsonScalar } from '../schema/scalars.ts';
import { SuiteType } from '../suites/suite.type.ts';
import { TaskType } from '../tasks/task.type.ts';

@ObjectType('ControlFile')
export class ControlFileType {
  @Field(() => String)
  readonly fileName!: string;

  @Field(() => String)
  readonly source!: string;

  @Field(() => String)
  readonly bundleHash!: string;
}

@ObjectType('JobDependency', { description: 'A job that has to end first; `passed`: and with that outcome.' })
export class JobDependencyType {
  @Field(() => JobType)
  readonly job!: JobType;

  @Field(() => DependencyConditionEnum)
  readonly when!: DependencyCondition;
}

@ObjectType('Job')
export class JobType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => String)
  readonly name!: string;

  @Field(() => String)
  readonly owner!: string;

  @Field(() => JobStateEnum)
  readonly state!: JobState;

  @Field(() => EntryOutcomeEnum, { nullable: true })
  readonly outcome?: EntryOutcome;

  @Field(() => PriorityEnum)
  readonly priority!: Priority;

  @Field(() => ControlTypeEnum)
  readonly controlType!: ControlType;

  @Field(() => String)
  readonly doc!: string;

  @Field(() => JsonScalar)
  readonly params!: JsonValue;

  @Field(() => JsonScalar)
  readonly keyvals!: JsonValue;

  @Field(() => String, { nullable: true })
  readonly needs?: string;

  @Field(() => Int)
  readonly syncCount!: number;

  @Field(() => DurationScalar)
  readonly timeout!: number;

  @Field(() => DurationScalar)
  readonly maxRuntime!: number;

  @Field(() => DurationScalar, { description: '0: no limit.' })
  readonly idleTimeout!: number;

  @Field(() => Int)
  readonly retries!: number;

  @Field(() => Int)
  readonly infraRetries!: number;

  @Field(() => String, { nullable: true })
  readonly sameValueOf?: string;

  @Field(() => String, { nullable: true })
  readonly provision?: string;

  @Field(() => ReserveOnEnum)
  readonly reserveOn!: ReserveOn;

  @Field(() => DurationScalar)
  readonly reserveFor!: number;

  @Field(() => String, { nullable: true, description: 'Only dispatchers of this set run it.' })
  readonly pool?: string;

  @Field(() => String, { description: 'Whose share its hosts count to.' })
  readonly account!: string;

  @Field(() => [JobDependencyType], { description: 'Jobs that have to end first.' })
  readonly after!: readonly JobDependencyType[];

  @Field(() => SuiteType, { nullable: true })
  readonly suite?: SuiteType;

  @Field(() => ID, { nullable: true, description: 'The recurring job that submitted it; it may be removed by now.' })
  readonly recurringId?: number;

  @Field(() => DateTimeScalar)
  readonly createdAt!: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly startedAt?: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly finishedAt?: number;

  @Field(() => String, { nullable: true })
  readonly abortedBy?: string;

  @Field(() => String, { nullable: true })
  readonly abortReason?: string;

  @Field(() => ControlFileType)
  readonly control!: ControlFileType;

  @Field(() => [EntryType])
  readonly entries!: EntryType[];

  @Field(() => [ExecutionType])
  readonly executions!: ExecutionType[];

  @Field(() => [TaskType])
  readonly tasks!: TaskType[];

  @Field(() => [TestResultType], {
    description: 'All nodes of the result trees in order of first appearance; `parentId` makes the tree.',
  })
  readonly results!: TestResultType[];

  @Field(() => ResultCountsType)
  readonly counts!: ResultCountsType;
}

export const JobConnectionType = connectionOf('Job', () => JobType);

@ObjectType('AbortJobPayload')
export class AbortJobPayloadType {
  @Field(() => JobType)
  readonly job!: JobType;

  @Field(() => Int, { description: 'Entries that were asked to end.' })
  readonly entries!: number;
}
