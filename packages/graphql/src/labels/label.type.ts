import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType('Label')
export class LabelType {
  @Field(() => String, { description: '`name` or `key:value`.' })
  readonly name!: string;

  @Field(() => String, { nullable: true })
  readonly description?: string;

  @Field(() => Boolean, { description: 'Keeps a host out of what does not ask for the label.' })
  readonly onlyIfNeeded!: boolean;

  @Field(() => Int, { description: 'How many hosts carry it.' })
  readonly hosts!: number;
}

@ObjectType('DeleteLabelPayload')
export class DeleteLabelPayloadType {
  @Field(() => Int, { description: 'How many hosts carried it.' })
  readonly hosts!: number;
}
