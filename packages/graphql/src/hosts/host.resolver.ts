import { lockOf, reservationOf, type HostState, type JsonValue } from '@autotest/core';
import type { EntryRow, HostRow, JobRow, TaskRow } from '@autotest/core/db';
import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { requireRole } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { EntryType } from '../entries/entry.type.ts';
import { ArgumentError } from '../errors.ts';
import { JobType } from '../jobs/job.type.ts';
import { checkFirst } from '../schema/arguments.ts';
import { HostStateEnum } from '../schema/enums.ts';
import { pageOf, type Page } from '../schema/page.ts';
import { JsonScalar } from '../schema/scalars.ts';
import type { InputInvalidType } from '../schema/user-error.ts';
import { TaskType } from '../tasks/task.type.ts';
import { addHost } from './add-host.ts';
import { AddHostInput, UpdateHostInput } from './host.input.ts';
import {
  HostConnectionType,
  HostLockType,
  HostReservationType,
  HostResultUnion,
  HostType,
  type HostSuccessType,
} from './host.type.ts';
import { updateHost } from './update-host.ts';

@Resolver(() => HostType)
export class HostResolver {
  @Query(() => HostType, { nullable: true })
  host(@Arg('name', () => String) name: string, @Ctx() context: ApiContext): Promise<HostRow | undefined> {
    principalOf(context);
    return context.services.database.hosts.byName(name);
  }

  @Query(() => HostConnectionType)
  async hosts(
    @Arg('first', () => Int, { nullable: true, defaultValue: 100 }) firstOrNull: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('state', () => HostStateEnum, { nullable: true }) state: HostState | null | undefined,
    @Arg('label', () => String, { nullable: true }) label: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<Page<HostRow>> {
    principalOf(context);
    const first = checkFirst(firstOrNull ?? 100, 1000);
    if (after && after.length > 300) throw new ArgumentError('after', 'is no cursor of this list.');
    const rows = await context.services.database.hosts.list({
      first: first + 1,
      ...(after && { afterName: after }),
      ...(state && { state }),
      ...(label && { label }),
    });
    return pageOf(rows, first, ({ name }) => name);
  }

  @Mutation(() => HostResultUnion)
  addHost(
    @Arg('input', () => AddHostInput) input: AddHostInput,
    @Ctx() context: ApiContext,
  ): Promise<HostSuccessType | InputInvalidType> {
    const principal = principalOf(context);
    requireRole(principal, 'admin', 'add hosts');
    return addHost(context.services.database, input, principal.user.login);
  }

  @Mutation(() => HostResultUnion)
  updateHost(
    @Arg('name', () => String) name: string,
    @Arg('input', () => UpdateHostInput) input: UpdateHostInput,
    @Ctx() context: ApiContext,
  ): Promise<HostSuccessType | InputInvalidType> {
    const principal = principalOf(context);
    requireRole(principal, 'admin', 'change hosts');
    return updateHost(context.services.database, name, input, principal.user.login);
  }

  @FieldResolver(() => JsonScalar)
  attributes(@Root() { attributes }: HostRow): JsonValue {
    return attributes;
  }

  @FieldResolver(() => HostLockType, { nullable: true })
  locked(@Root() host: HostRow): HostLockType | undefined {
    return lockOf(host, Date.now());
  }

  @FieldResolver(() => HostReservationType, { nullable: true })
  reservation(@Root() host: HostRow): HostReservationType | undefined {
    return reservationOf(host, Date.now());
  }

  @FieldResolver(() => [String])
  async groups(@Root() { id }: HostRow, @Ctx() { loaders }: ApiContext): Promise<string[]> {
    return (await loaders.groupsOf.load(id)) ?? [];
  }

  @FieldResolver(() => EntryType, { nullable: true })
  currentEntry(@Root() { id }: HostRow, @Ctx() context: ApiContext): Promise<EntryRow | undefined> {
    return entryOn(context, id);
  }

  @FieldResolver(() => JobType, { nullable: true })
  async currentJob(@Root() { id }: HostRow, @Ctx() context: ApiContext): Promise<JobRow | undefined> {
    const entry = await entryOn(context, id);
    return entry && context.loaders.job.load(entry.jobId);
  }

  @FieldResolver(() => [TaskType])
  tasks(
    @Root() { id }: HostRow,
    @Arg('first', () => Int, { nullable: true, defaultValue: 20 }) first: number | null,
    @Ctx() { services }: ApiContext,
  ): Promise<TaskRow[]> {
    return services.database.jobs.tasksOf({ hostId: id, first: checkFirst(first ?? 20, 100) });
  }
}

/** The entry that holds a host, itself or through a task. */
async function entryOn({ loaders }: ApiContext, hostId: number): Promise<EntryRow | undefined> {
  const holder = await loaders.holder.load(hostId);
  if (holder === undefined) return undefined;
  if (holder.kind === 'entry') return loaders.entry.load(holder.id);
  const task = await loaders.task.load(holder.id);
  return task?.entryId === undefined ? undefined : loaders.entry.load(task.entryId);
}
