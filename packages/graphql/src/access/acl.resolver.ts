import type { AclChange, AclGroupRow, Database, HostRow } from '@autotest/core/db';
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { requireRole, type Principal } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { MissingError } from '../errors.ts';
import { findHosts } from '../hosts/find-host.ts';
import { HostType } from '../hosts/host.type.ts';
import { checkNames, checkOptionalText, checkText } from '../schema/arguments.ts';
import { orConflict } from '../schema/conflict.ts';
import { checkLogin } from '../users/check-login.ts';
import { AclGroupInput, AclGroupType } from './acl.type.ts';

@Resolver(() => AclGroupType)
export class AclResolver {
  @Query(() => [AclGroupType], { description: 'By name.' })
  aclGroups(@Ctx() context: ApiContext): Promise<AclGroupRow[]> {
    principalOf(context);
    return context.services.database.access.list();
  }

  @Query(() => AclGroupType, { nullable: true })
  aclGroup(@Arg('name', () => String) name: string, @Ctx() context: ApiContext): Promise<AclGroupRow | undefined> {
    principalOf(context);
    return context.services.database.access.byName(name);
  }

  @Mutation(() => AclGroupType)
  async createAclGroup(
    @Arg('name', () => String) name: string,
    @Arg('input', () => AclGroupInput, { nullable: true }) input: AclGroupInput | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<AclGroupRow> {
    const { database, login } = mayChange(context);
    const description = checkOptionalText('description', input?.description, 1000);
    const change = await changeOf(database, input ?? {});
    const group = { name: checkText('name', name, 100), ...(description && { description }) };
    const { id } = await orConflict(database.access.create(group, login));
    return orConflict(database.access.change(id, change, login));
  }

  @Mutation(() => AclGroupType, { description: 'Changes what the input names and nothing else.' })
  async updateAclGroup(
    @Arg('name', () => String) name: string,
    @Arg('input', () => AclGroupInput) input: AclGroupInput,
    @Ctx() context: ApiContext,
  ): Promise<AclGroupRow> {
    const { database, login } = mayChange(context);
    const { id } = await findGroup(database, name);
    const description = checkOptionalText('description', input.description, 1000);
    const patch = {
      ...(input.name && { name: checkText('name', input.name, 100) }),
      ...(description !== undefined && { description }),
    };
    const change = await changeOf(database, input);
    if (Object.keys(patch).length > 0) await orConflict(database.access.update(id, patch, login));
    return orConflict(database.access.change(id, change, login));
  }

  @Mutation(() => Boolean, { description: 'Its hosts stay; those that are in no other group are everybody’s again.' })
  async deleteAclGroup(@Arg('name', () => String) name: string, @Ctx() context: ApiContext): Promise<boolean> {
    const { database, login } = mayChange(context);
    await orConflict(database.access.remove((await findGroup(database, name)).id, login));
    return true;
  }

  @FieldResolver(() => [HostType])
  async hosts(@Root() { hostIds }: AclGroupRow, @Ctx() { loaders }: ApiContext): Promise<HostRow[]> {
    const hosts = await loaders.host.loadMany([...hostIds]);
    return hosts
      .filter((host): host is HostRow => host !== undefined && !(host instanceof Error))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

/** @throws ForbiddenError */
function mayChange(context: ApiContext): { database: Database; login: Principal['user']['login'] } {
  const principal = principalOf(context);
  requireRole(principal, 'admin', 'change ACL groups');
  return { database: context.services.database, login: principal.user.login };
}

/** @throws MissingError */
async function findGroup({ access }: Database, name: string): Promise<AclGroupRow> {
  const group = await access.byName(name);
  if (group === undefined) throw new MissingError('ACL group', name);
  return group;
}

/** @throws ArgumentError, MissingError */
async function changeOf(database: Database, input: AclGroupInput): Promise<AclChange> {
  const idsOf = async (names: readonly string[]) => (await findHosts(database, names)).map(({ id }) => id);
  return {
    addUsers: checkNames('addUsers', input.addUsers).map((login) => checkLogin('addUsers', login)),
    removeUsers: checkNames('removeUsers', input.removeUsers),
    addHostIds: await idsOf(checkNames('addHosts', input.addHosts)),
    removeHostIds: await idsOf(checkNames('removeHosts', input.removeHosts)),
  };
}
