import type { TaskKind } from '@autotest/core';
import type { ExecutionRow, HostRow, TaskRow } from '@autotest/core/db';
import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { requireRole } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { ArgumentError } from '../errors.ts';
import { ExecutionType } from '../executions/execution.type.ts';
import { hostForUse, requireUnreserved } from '../hosts/find-host.ts';
import { HostType } from '../hosts/host.type.ts';
import { orConflict } from '../schema/conflict.ts';
import { TaskKindEnum } from '../schema/enums.ts';
import { RequestTaskPayloadType, TaskType } from './task.type.ts';

@Resolver(() => TaskType)
export class TaskResolver {
  @Mutation(() => RequestTaskPayloadType, {
    description: 'Asks for a special task of a host. Users may have hosts verified that they may use.',
  })
  async requestTask(
    @Arg('host', () => String) name: string,
    @Arg('kind', () => TaskKindEnum) kind: TaskKind,
    @Ctx() context: ApiContext,
  ): Promise<{ task: TaskRow; repeated: boolean }> {
    requireRole(principalOf(context), kind === 'verify' ? 'user' : 'admin', `have hosts go through ${kind}`);
    if (kind === 'provision')
      throw new ArgumentError('kind', 'cannot be provision: jobs say what their hosts are provisioned with.');
    const used = await hostForUse(context, name, `ask for ${kind} of`);
    requireUnreserved(used);
    const { database, principal, host } = used;
    return orConflict(database.hosts.requestTask(host.id, kind, principal.user.login));
  }

  @FieldResolver(() => HostType)
  host(@Root() { hostId }: TaskRow, @Ctx() { loaders }: ApiContext): Promise<HostRow | undefined> {
    return loaders.host.load(hostId);
  }

  @FieldResolver(() => ExecutionType, { nullable: true })
  execution(
    @Root() { executionId }: TaskRow,
    @Ctx() { loaders }: ApiContext,
  ): Promise<ExecutionRow | undefined> | undefined {
    return executionId === undefined ? undefined : loaders.execution.load(executionId);
  }
}
