import type { EntryRow, ExecutionRow, HostRow } from '@autotest/core/db';
import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { ApiContext } from '../context.ts';
import { ExecutionType } from '../executions/execution.type.ts';
import { HostType } from '../hosts/host.type.ts';
import { EntryType, WaitingReasonType } from './entry.type.ts';
import { explain, type Why } from './why/explain.ts';
import { WhyType } from './why/why.type.ts';

@Resolver(() => EntryType)
export class EntryResolver {
  @FieldResolver(() => HostType, { nullable: true })
  host(@Root() { hostId }: EntryRow, @Ctx() { loaders }: ApiContext): Promise<HostRow | undefined> | undefined {
    return hostId === undefined ? undefined : loaders.host.load(hostId);
  }

  @FieldResolver(() => WaitingReasonType, { nullable: true })
  async waiting(
    @Root() { state, waitId }: EntryRow,
    @Ctx() { loaders }: ApiContext,
  ): Promise<WaitingReasonType | undefined> {
    return state !== 'queued' || waitId === undefined ? undefined : (await loaders.wait.load(waitId))?.reason;
  }

  @FieldResolver(() => WhyType, { nullable: true })
  why(@Root() entry: EntryRow, @Ctx() { loaders }: ApiContext): Promise<Why | undefined> {
    return explain(entry, loaders);
  }

  @FieldResolver(() => ExecutionType, { nullable: true })
  execution(
    @Root() { executionId }: EntryRow,
    @Ctx() { loaders }: ApiContext,
  ): Promise<ExecutionRow | undefined> | undefined {
    return executionId === undefined ? undefined : loaders.execution.load(executionId);
  }
}
