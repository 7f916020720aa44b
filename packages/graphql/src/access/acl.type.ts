import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { HostType } from '../hosts/host.type.ts';

@ObjectType('AclGroup', { description: 'Users and hosts that belong together. A host in no group is everybody’s.' })
export class AclGroupType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => String)
  readonly name!: string;

  @Field(() => String, { nullable: true })
  readonly description?: string;

  @Field(() => [String], { description: 'Logins.' })
  readonly users!: readonly string[];

  @Field(() => [HostType], { description: 'By name.' })
  readonly hosts!: readonly HostType[];
}

@InputType('AclGroupInput')
export class AclGroupInput {
  @Field(() => String, { nullable: true, description: 'Another name.' })
  readonly name?: string | null;

  @Field(() => String, { nullable: true })
  readonly description?: string | null;

  @Field(() => [String], { nullable: true, description: 'Logins; they need not be known yet.' })
  readonly addUsers?: readonly string[] | null;

  @Field(() => [String], { nullable: true })
  readonly removeUsers?: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: 'Names of hosts.' })
  readonly addHosts?: readonly string[] | null;

  @Field(() => [String], { nullable: true })
  readonly removeHosts?: readonly string[] | null;
}
