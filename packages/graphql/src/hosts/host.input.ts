import type { JsonValue, Protection, Transport } from '@autotest/core';
import { Field, InputType, Int } from 'type-graphql';
import { ProtectionEnum, TransportEnum } from '../schema/enums.ts';
import { JsonScalar } from '../schema/scalars.ts';

@InputType('AddHostInput')
export class AddHostInput {
  @Field(() => String)
  readonly name!: string;

  @Field(() => TransportEnum, { nullable: true, defaultValue: 'ssh' })
  readonly transport?: Transport | null;

  @Field(() => String, { nullable: true, description: 'Default: the name.' })
  readonly address?: string | null;

  @Field(() => Int, { nullable: true, defaultValue: 22 })
  readonly port?: number | null;

  @Field(() => String, { nullable: true, defaultValue: 'root' })
  readonly user?: string | null;

  @Field(() => String, { nullable: true })
  readonly keyFile?: string | null;

  @Field(() => [String], { nullable: true })
  readonly hostKeys?: readonly string[] | null;

  @Field(() => [String], { nullable: true })
  readonly labels?: readonly string[] | null;

  @Field(() => JsonScalar, { nullable: true })
  readonly attributes?: JsonValue;

  @Field(() => ProtectionEnum, { nullable: true })
  readonly protection?: Protection | null;
}

@InputType('UpdateHostInput')
export class UpdateHostInput {
  @Field(() => String, { nullable: true })
  readonly address?: string | null;

  @Field(() => Int, { nullable: true })
  readonly port?: number | null;

  @Field(() => String, { nullable: true })
  readonly user?: string | null;

  @Field(() => String, { nullable: true })
  readonly keyFile?: string | null;

  @Field(() => [String], { nullable: true })
  readonly hostKeys?: readonly string[] | null;

  @Field(() => [String], { nullable: true })
  readonly labels?: readonly string[] | null;

  @Field(() => JsonScalar, { nullable: true })
  readonly attributes?: JsonValue;

  @Field(() => ProtectionEnum, { nullable: true })
  readonly protection?: Protection | null;

  @Field(() => Boolean, { nullable: true })
  readonly draining?: boolean | null;

  @Field(() => String, {
    nullable: true,
    description: 'Takes it out of service, with the evidence, until somebody clears this: null or empty.',
  })
  readonly quarantineReason?: string | null;
}
