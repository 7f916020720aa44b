import { Field, Float, Int, ObjectType } from 'type-graphql';

@ObjectType('Account', { description: 'A team, or a user without one, and its share of the hosts.' })
export class AccountType {
  @Field(() => String)
  readonly name!: string;

  @Field(() => Float, { description: 'Share relative to others.' })
  readonly weight!: number;

  @Field(() => Int, { nullable: true, description: 'Hosts that its jobs may hold at once; null: no limit.' })
  readonly maxHosts?: number;

  @Field(() => Int, { description: 'Hosts that its jobs hold now.' })
  readonly heldHosts!: number;
}
