import type { DependencyCondition } from '@autotest/core';
import { Field, InputType } from 'type-graphql';
import { DependencyConditionEnum } from '../schema/enums.ts';
import { SubmitJobInput } from '../submit/submit.input.ts';

@InputType('SiblingDependencyInput')
export class SiblingDependencyInput {
  @Field(() => String, { description: 'Key of a job of the same suite, or its position from 0.' })
  readonly sibling!: string;

  @Field(() => DependencyConditionEnum, { nullable: true, defaultValue: 'passed' })
  readonly when?: DependencyCondition | null;
}

@InputType('SuiteJobInput')
export class SuiteJobInput {
  @Field(() => String, { nullable: true, description: 'What its siblings call it; it is not stored.' })
  readonly key?: string | null;

  @Field(() => SubmitJobInput)
  readonly job!: SubmitJobInput;

  @Field(() => [SiblingDependencyInput], { nullable: true, description: 'Jobs of the suite that have to end first.' })
  readonly afterSiblings?: readonly SiblingDependencyInput[] | null;
}

@InputType('CreateSuiteInput')
export class CreateSuiteInput {
  @Field(() => String)
  readonly name!: string;

  @Field(() => [SuiteJobInput], { description: '1 to 100.' })
  readonly jobs!: readonly SuiteJobInput[];

  @Field(() => String, { nullable: true, description: "Makes a repeated submission give the first one's suite." })
  readonly requestId?: string | null;
}
