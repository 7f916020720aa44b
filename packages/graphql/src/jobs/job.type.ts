import type { ControlType, EntryOutcome, JobState, JsonValue, Priority } from '@autotest/core';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { EntryType } from '../entries/entry.type.ts';
import { ExecutionType } from '../executions/execution.type.ts';
import { ResultCountsType, TestResultType } from '../results/result.type.ts';
import { ControlTypeEnum, EntryOutcomeEnum, JobStateEnum, PriorityEnum } from '../schema/enums.ts';
import { PageInfoType } from '../schema/page.ts';
import { DateTimeScalar, DurationScalar, JsonScalar } from '../schema/scalars.ts';
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

@ObjectType('JobEdge')
export class JobEdgeType {
  @Field(() => String)
  readonly cursor!: string;

  @Field(() => JobType)
  readonly node!: JobType;
}

@ObjectType('JobConnection')
export class JobConnectionType {
  @Field(() => [JobEdgeType])
  readonly edges!: readonly JobEdgeType[];

  @Field(() => PageInfoType)
  readonly pageInfo!: PageInfoType;
}

@ObjectType('AbortJobPayload')
export class AbortJobPayloadType {
  @Field(() => JobType)
  readonly job!: JobType;

  @Field(() => Int, { description: 'Entries that were asked to end.' })
  readonly entries!: number;
}
