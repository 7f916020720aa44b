import { Field, Int, ObjectType } from 'type-graphql';
import { JobDependencyType } from '../../jobs/job.type.ts';
import { DateTimeScalar } from '../../schema/scalars.ts';

@ObjectType('UnfitHost')
export class UnfitHostType {
  @Field(() => String)
  readonly host!: string;

  @Field(() => String, { description: 'What keeps it from being used, for people.' })
  readonly lacks!: string;
}

@ObjectType('UnmetConstraint')
export class UnmetConstraintType {
  @Field(() => String, { description: 'What is asked: labels, a group, a free host, the end of a job.' })
  readonly needs!: string;

  @Field(() => Int, { nullable: true, description: 'How many hosts lack nothing but this.' })
  readonly count?: number;

  @Field(() => [UnfitHostType])
  readonly nearest!: readonly UnfitHostType[];
}

@ObjectType('Why', { description: 'Why an entry is not running yet, as of now.' })
export class WhyType {
  @Field(() => String)
  readonly code!: string;

  @Field(() => String, { description: 'One line for people.' })
  readonly message!: string;

  @Field(() => Int, {
    nullable: true,
    description:
      'From 1, by priority and age, among the entries that wait for the same; fair share may let others go first. 10001: more than 10000, which are not counted. Null: nobody stands in line for this.',
  })
  readonly position?: number;

  @Field(() => Int, { nullable: true, description: 'How many wait for the same. 10001: more than 10000.' })
  readonly queueLength?: number;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'When what it waits for is expected, by how long such jobs ran before, or by their limits. Whose turn it is then is another question.',
  })
  readonly expectedAt?: number;

  @Field(() => [UnmetConstraintType])
  readonly constraints!: readonly UnmetConstraintType[];

  @Field(() => [String], { description: 'What would let it go on, each one enough by itself.' })
  readonly unblock!: readonly string[];

  @Field(() => DateTimeScalar, { nullable: true, description: 'Since when this is so.' })
  readonly since?: number;

  @Field(() => [JobDependencyType], { description: 'Jobs that have to end first and have not.' })
  readonly waitsFor!: readonly JobDependencyType[];
}
