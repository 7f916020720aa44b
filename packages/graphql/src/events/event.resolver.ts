import type { EventRow } from '@autotest/core';
import type { EntryRow, HostRow, JobRow, ResultNodeRow } from '@autotest/core/db';
import { Arg, Ctx, FieldResolver, ID, Query, Resolver, Root, Subscription } from 'type-graphql';
import { principalOf, type ApiContext } from '../context.ts';
import { EntryType } from '../entries/entry.type.ts';
import { MissingError } from '../errors.ts';
import { HostType } from '../hosts/host.type.ts';
import { JobType } from '../jobs/job.type.ts';
import { TestResultType } from '../results/result.type.ts';
import { DateTimeScalar } from '../schema/scalars.ts';
import { parseCursor, rowId } from '../schema/arguments.ts';
import { cancellable } from './cancellable.ts';
import type { FedEvent } from './event-feed.ts';
import { EventType } from './event.type.ts';

interface EventsArguments {
  readonly after?: string | null;
  readonly jobId?: string | null;
}

@Resolver(() => EventType)
export class EventResolver {
  @Query(() => String, {
    description: 'Id of the newest event: take it before reading, subscribe after it, and nothing is missed.',
  })
  async eventCursor(@Ctx() context: ApiContext): Promise<string> {
    principalOf(context);
    return String(await context.services.database.events.latestId());
  }

  @Subscription(() => EventType, {
    description:
      'Every event after the cursor, in order, none twice: first those that are stored, then new ones as they come.',
    subscribe: ({ args, context }: { args: EventsArguments; context: ApiContext }) => followEvents(context, args),
  })
  events(
    @Root() event: FedEvent,
    @Arg('after', () => String, { nullable: true }) _after: string | null,
    @Arg('jobId', () => ID, { nullable: true }) _jobId: string | null,
    @Ctx() context: ApiContext,
  ): EventRow {
    // The rows as they are now, not as they were at an earlier event.
    context.loaders = event.loaders;
    return event.row;
  }

  @FieldResolver(() => String)
  id(@Root() { id }: EventRow): string {
    return String(id);
  }

  @FieldResolver(() => DateTimeScalar)
  at(@Root() { t }: EventRow): number {
    return t;
  }

  @FieldResolver(() => JobType, { nullable: true })
  job(@Root() { jobId }: EventRow, @Ctx() { loaders }: ApiContext): Promise<JobRow | undefined> | undefined {
    return jobId === undefined ? undefined : loaders.job.load(jobId);
  }

  @FieldResolver(() => EntryType, { nullable: true })
  entry(@Root() { entryId }: EventRow, @Ctx() { loaders }: ApiContext): Promise<EntryRow | undefined> | undefined {
    return entryId === undefined ? undefined : loaders.entry.load(entryId);
  }

  @FieldResolver(() => HostType, { nullable: true })
  host(@Root() { hostId }: EventRow, @Ctx() { loaders }: ApiContext): Promise<HostRow | undefined> | undefined {
    return hostId === undefined ? undefined : loaders.host.load(hostId);
  }

  @FieldResolver(() => TestResultType, { nullable: true })
  result(@Root() { data }: EventRow, @Ctx() { loaders }: ApiContext): Promise<ResultNodeRow | undefined> | undefined {
    return typeof data.nodeId === 'number' ? loaders.node.load(data.nodeId) : undefined;
  }
}

function followEvents(context: ApiContext, { after, jobId }: EventsArguments): AsyncGenerator<FedEvent> {
  principalOf(context);
  const { feed, closing } = context.services;
  const id = jobId ? rowId(jobId) : undefined;
  if (jobId && id === undefined) throw new MissingError('job', jobId);
  const cursor = after ? parseCursor(after) : undefined;
  return cancellable(closing, (signal) => feed.follow({ after: cursor, jobId: id, signal }));
}
