import type { Role, UserRow } from '@autotest/core/db';
import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { requireRole, type Principal } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { ArgumentError } from '../errors.ts';
import { checkOptionalText, checkText } from '../schema/arguments.ts';
import { orConflict } from '../schema/conflict.ts';
import { RoleEnum } from '../schema/enums.ts';
import { checkLogin } from './check-login.ts';
import { findUser } from './find-user.ts';
import { loginLink } from './login-link.ts';
import { AddUserPayloadType, UserType } from './user.type.ts';

/** Who there is. An administrator cannot change or remove the own role, so that one always stays. */
@Resolver()
export class PeopleResolver {
  @Query(() => [UserType], { description: 'In order of their making.' })
  users(@Ctx() context: ApiContext): Promise<UserRow[]> {
    principalOf(context);
    return context.services.database.users.list();
  }

  @Mutation(() => AddUserPayloadType)
  async addUser(
    @Arg('login', () => String) login: string,
    @Arg('role', () => RoleEnum, { nullable: true, defaultValue: 'user' }) role: Role | null,
    @Arg('team', () => String, { nullable: true }) team: string | null | undefined,
    @Arg('token', () => String, { nullable: true, description: 'Name of an API token to make as well.' })
    tokenName: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<AddUserPayloadType> {
    const { user: me } = requireAdmin(context);
    const { database, authenticator, publicUrl } = context.services;
    const name = tokenName ? checkText('token', tokenName, 100) : undefined;
    const text = checkOptionalText('team', team, 100);
    const fields = { login: checkLogin('login', login), role: role ?? 'user', ...(text && { team: text }) } as const;
    const user = await orConflict(database.users.add(fields, me.login));
    const made = name === undefined ? undefined : await authenticator.makeToken(user, 'api', name);
    return { user, loginUrl: await loginLink(authenticator, publicUrl(), user), token: made?.secret };
  }

  @Mutation(() => UserType, { description: 'What is left out stays; a team of null is none.' })
  async updateUser(
    @Arg('login', () => String) login: string,
    @Arg('role', () => RoleEnum, { nullable: true }) role: Role | null | undefined,
    @Arg('team', () => String, { nullable: true }) team: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<UserRow> {
    const { user: me } = requireAdmin(context);
    const { database } = context.services;
    const user = await findUser(database, login);
    if (role && role !== user.role && user.id === me.id)
      throw new ArgumentError('role', 'cannot be your own: ask another administrator.');
    const text = checkOptionalText('team', team, 100);
    const patch = { ...(role && { role }), ...(text !== undefined && { team: text }) };
    return orConflict(database.users.update(user.id, patch, me.login));
  }

  @Mutation(() => Boolean, { description: 'Signs the user out everywhere. Jobs that the user submitted go on.' })
  async removeUser(@Arg('login', () => String) login: string, @Ctx() context: ApiContext): Promise<boolean> {
    const { user: me } = requireAdmin(context);
    const { database } = context.services;
    const user = await findUser(database, login);
    if (user.id === me.id) throw new ArgumentError('login', 'cannot be your own: ask another administrator.');
    await orConflict(database.users.remove(user.id, me.login));
    return true;
  }
}

/** @throws ForbiddenError */
function requireAdmin(context: ApiContext): Principal {
  const principal = principalOf(context);
  requireRole(principal, 'admin', 'change users');
  return principal;
}
