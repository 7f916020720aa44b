import type { MetricDirection, NodeKind, ResultOutcome } from '@autotest/core';
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { MetricDirectionEnum, NodeKindEnum, ResultOutcomeEnum } from '../schema/enums.ts';
import { DateTimeScalar } from '../schema/scalars.ts';

@ObjectType('Metric')
export class MetricType {
  @Field(() => Int)
  readonly iteration!: number;

  @Field(() => String)
  readonly name!: string;

  @Field(() => Float)
  readonly value!: number;

  @Field(() => String)
  readonly unit!: string;

  @Field(() => MetricDirectionEnum)
  readonly direction!: MetricDirection;
}

@ObjectType('TestResult')
export class TestResultType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => ID)
  readonly executionId!: number;

  @Field(() => ID, { nullable: true })
  readonly jobId?: number;

  @Field(() => ID, { nullable: true })
  readonly parentId?: number;

  @Field(() => String)
  readonly path!: string;

  @Field(() => Int)
  readonly depth!: number;

  @Field(() => NodeKindEnum)
  readonly node!: NodeKind;

  @Field(() => String)
  readonly name!: string;

  @Field(() => Int)
  readonly attempt!: number;

  @Field(() => ResultOutcomeEnum, { nullable: true, description: 'Null while it runs.' })
  readonly outcome?: ResultOutcome;

  @Field(() => ResultOutcomeEnum, { nullable: true })
  readonly originalOutcome?: ResultOutcome;

  @Field(() => String, { nullable: true })
  readonly reason?: string;

  @Field(() => String, { nullable: true })
  readonly host?: string;

  @Field(() => String, { nullable: true })
  readonly subdir?: string;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly startedAt?: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly endedAt?: number;

  @Field(() => [MetricType])
  readonly metrics!: MetricType[];
}

@ObjectType('ResultCounts')
export class ResultCountsType {
  @Field(() => Int)
  total = 0;

  @Field(() => Int)
  pass = 0;

  @Field(() => Int)
  fail = 0;

  @Field(() => Int)
  error = 0;

  @Field(() => Int)
  warn = 0;

  @Field(() => Int)
  skip = 0;

  @Field(() => Int)
  abort = 0;

  @Field(() => Int)
  timeout = 0;

  @Field(() => Int)
  unknown = 0;

  @Field(() => Int)
  running = 0;
}
