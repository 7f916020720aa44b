import type { Role } from '@autotest/core/db';
import { Field, ID, ObjectType } from 'type-graphql';
import { RoleEnum } from '../schema/enums.ts';

@ObjectType('User')
export class UserType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => String)
  readonly login!: string;

  @Field(() => RoleEnum)
  readonly role!: Role;
}

@ObjectType('LoginPayload')
export class LoginPayloadType {
  @Field(() => String, { description: 'Secret of the new session; browsers get it as an HttpOnly cookie too.' })
  readonly sessionToken!: string;

  @Field(() => UserType)
  readonly user!: UserType;
}

@ObjectType('CreateTokenPayload')
export class CreateTokenPayloadType {
  @Field(() => String)
  readonly token!: string;
}

@ObjectType('CreateLoginLinkPayload')
export class CreateLoginLinkPayloadType {
  @Field(() => String)
  readonly url!: string;
}
