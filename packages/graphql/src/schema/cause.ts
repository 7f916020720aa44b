import { Field, ObjectType } from 'type-graphql';

@ObjectType('Cause')
export class CauseType {
  @Field(() => String)
  readonly code!: string;

  @Field(() => String)
  readonly message!: string;
}
