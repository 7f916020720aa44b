import type { ExecutionState, ExitClass, JsonValue, Purpose } from '@autotest/core';
import { Field, ID, Int, ObjectType } from 'type-graphql';
import { TestResultType } from '../results/result.type.ts';
import { CauseType } from '../schema/cause.ts';
import { ExecutionStateEnum, ExitClassEnum, PurposeEnum } from '../schema/enums.ts';
import { BigIntScalar, DateTimeScalar, JsonScalar } from '../schema/scalars.ts';

@ObjectType('ResultFile')
export class ResultFileType {
  @Field(() => String)
  readonly path!: string;

  @Field(() => BigIntScalar)
  readonly size!: number;

  @Field(() => DateTimeScalar)
  readonly modifiedAt!: number;

  @Field(() => String, { description: 'Path of the file on this server.' })
  readonly url!: string;
}

@ObjectType('LogChunk')
export class LogChunkType {
  @Field(() => String)
  readonly path!: string;

  @Field(() => BigIntScalar)
  readonly offset!: number;

  @Field(() => BigIntScalar)
  readonly nextOffset!: number;

  @Field(() => String)
  readonly text!: string;

  @Field(() => Boolean, { description: 'No more will come.' })
  readonly end!: boolean;
}

@ObjectType('Execution')
export class ExecutionType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => PurposeEnum)
  readonly purpose!: Purpose;

  @Field(() => ExecutionStateEnum)
  readonly state!: ExecutionState;

  @Field(() => ExitClassEnum, { nullable: true })
  readonly exitClass?: ExitClass;

  @Field(() => CauseType, { nullable: true })
  readonly cause?: CauseType;

  @Field(() => Int)
  readonly attempt!: number;

  @Field(() => String)
  readonly tag!: string;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly startedAt?: number;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly endedAt?: number;

  @Field(() => [TestResultType])
  readonly results!: TestResultType[];

  @Field(() => JsonScalar)
  readonly keyvals!: JsonValue;

  @Field(() => [ResultFileType], {
    description: 'Files of the results directory, sorted by path; at most `first`.',
  })
  readonly files!: ResultFileType[];

  @Field(() => [ResultFileType], { description: 'Logs worth showing, the main one first.' })
  readonly logs!: ResultFileType[];

  @Field(() => LogChunkType, {
    description: 'A range of a file, as text (invalid UTF-8 is replaced) cut at whole characters.',
  })
  readonly readFile!: LogChunkType;
}
