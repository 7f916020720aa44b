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

  @Field(() => String, { nullable: true, description: 'Shares hosts with the others of this name.' })
  readonly team?: string;
}

@ObjectType('AddUserPayload')
export class AddUserPayloadType {
  @Field(() => UserType)
  readonly user!: UserType;

  @Field(() => String, { description: 'Signs a browser in as the new user, once, within 15 minutes.' })
  readonly loginUrl!: string;

  @Field(() => String, { nullable: true, description: 'Secret of the API token that was asked for; shown only once.' })
  readonly token?: string | undefined;
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
