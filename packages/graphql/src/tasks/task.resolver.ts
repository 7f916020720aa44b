import type { ExecutionRow, HostRow, TaskRow } from '@autotest/core/db';
import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { ApiContext } from '../context.ts';
import { ExecutionType } from '../executions/execution.type.ts';
import { HostType } from '../hosts/host.type.ts';
import { TaskType } from './task.type.ts';

@Resolver(() => TaskType)
export class TaskResolver {
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
