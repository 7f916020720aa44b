import type { JsonValue } from '@autotest/core';
import { Field, Int, ObjectType } from 'type-graphql';
import { JsonScalar } from '../schema/scalars.ts';

@ObjectType('ControlProblem')
export class ControlProblemType {
  @Field(() => Int)
  readonly line!: number;

  @Field(() => Int)
  readonly column!: number;

  @Field(() => String)
  readonly message!: string;

  @Field(() => String)
  readonly remedy!: string;
}

@ObjectType('ControlValidation')
export class ControlValidationType {
  @Field(() => JsonScalar, { nullable: true })
  readonly metadata?: JsonValue;

  @Field(() => [ControlProblemType])
  readonly problems!: readonly ControlProblemType[];
}
