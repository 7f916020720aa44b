import type { TaskKind, TaskOutcome, TaskState } from '@autotest/core';
import { Field, ID, ObjectType } from 'type-graphql';
import { ExecutionType } from '../executions/execution.type.ts';
import { HostType } from '../hosts/host.type.ts';
import { CauseType } from '../schema/cause.ts';
import { TaskKindEnum, TaskOutcomeEnum, TaskStateEnum } from '../schema/enums.ts';
import { DateTimeScalar } from '../schema/scalars.ts';

@ObjectType('Task')
export class TaskType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => TaskKindEnum)
  readonly kind!: TaskKind;

  @Field(() => TaskStateEnum)
  readonly state!: TaskState;

  @Field(() => TaskOutcomeEnum, { nullable: true })
  readonly outcome?: TaskOutcome;

  @Field(() => CauseType, { nullable: true })
  readonly cause?: CauseType;

  @Field(() => HostType)
  readonly host!: HostType;

  @Field(() => String)
  readonly requestedBy!: string;

  @Field(() => ExecutionType, { nullable: true })
  readonly execution?: ExecutionType;

  @Field(() => DateTimeScalar)
  readonly createdAt!: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly startedAt?: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly finishedAt?: number;
}

@ObjectType('RequestTaskPayload')
export class RequestTaskPayloadType {
  @Field(() => TaskType)
  readonly task!: TaskType;

  @Field(() => Boolean, { description: 'True where one of this kind waited already.' })
  readonly repeated!: boolean;
}
