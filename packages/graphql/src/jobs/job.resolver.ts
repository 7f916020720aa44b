import type { DependencyCondition, EntryOutcome, JobState, JsonValue, Priority } from '@autotest/core';
import type { EntryRow, ExecutionRow, JobRow, ResultNodeRow, SuiteRow, TaskRow } from '@autotest/core/db';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { principalOf, type ApiContext } from '../context.ts';
import { EntryType } from '../entries/entry.type.ts';
import { MissingError } from '../errors.ts';
import { ExecutionType } from '../executions/execution.type.ts';
import { ResultCountsType, TestResultType } from '../results/result.type.ts';
import { checkFirst, readBefore, rowId } from '../schema/arguments.ts';
import { EntryOutcomeEnum, JobStateEnum, PriorityEnum } from '../schema/enums.ts';
import { pageOf, type Page } from '../schema/page.ts';
import { DurationScalar, JsonScalar } from '../schema/scalars.ts';
import { SuiteType } from '../suites/suite.type.ts';
import { TaskType } from '../tasks/task.type.ts';
import { controlOf } from './control.ts';
import { sumCounts } from './counts.ts';
import { AbortJobPayloadType, ControlFileType, JobConnectionType, JobDependencyType, JobType } from './job.type.ts';
import { requireAbort } from './may-abort.ts';
import { priorityOf } from './priority.ts';

@Resolver(() => JobType)
export class JobResolver {
  @Query(() => JobType, { nullable: true })
  job(@Arg('id', () => ID) id: string, @Ctx() context: ApiContext): Promise<JobRow | undefined> | undefined {
    principalOf(context);
    const jobId = rowId(id);
    return jobId === undefined ? undefined : context.loaders.job.load(jobId);
  }

  @Query(() => JobConnectionType)
  async jobs(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) firstOrNull: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('owner', () => String, { nullable: true }) owner: string | null | undefined,
    @Arg('state', () => JobStateEnum, { nullable: true }) state: JobState | null | undefined,
    @Arg('outcome', () => EntryOutcomeEnum, { nullable: true }) outcome: EntryOutcome | null | undefined,
    @Arg('nameContains', () => String, { nullable: true }) nameContains: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<Page<JobRow>> {
    principalOf(context);
    const first = checkFirst(firstOrNull ?? 50, 100);
    const rows = await context.services.database.jobs.list({
      first: first + 1,
      ...readBefore(after),
      ...(owner && { owner }),
      ...(state && { state }),
      ...(outcome && { outcome }),
      ...(nameContains && { nameContains }),
    });
    for (const row of rows) context.loaders.job.prime(row.id, row);
    return pageOf(rows, first, ({ id }) => String(id));
  }

  @Mutation(() => AbortJobPayloadType)
  async abortJob(
    @Arg('id', () => ID) id: string,
    @Arg('reason', () => String, { nullable: true }) reason: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<{ job: JobRow; entries: number }> {
    const principal = principalOf(context);
    const { jobs } = context.services.database;
    const jobId = rowId(id);
    const job = jobId === undefined ? undefined : await jobs.byId(jobId);
    if (job === undefined) throw new MissingError('job', id);
    await requireAbort(context.services.database, principal, job);
    const entries = await jobs.requestAbort(job.id, principal.user.login, (reason ?? '').trim() || 'no reason given');
    return { job: (await jobs.byId(job.id)) ?? job, entries };
  }

  @FieldResolver(() => PriorityEnum)
  priority(@Root() { priority }: JobRow): Priority {
    return priorityOf(priority);
  }

  @FieldResolver(() => String)
  doc(@Root() { metadata }: JobRow): string {
    return metadata.doc;
  }

  @FieldResolver(() => JsonScalar)
  params(@Root() { params }: JobRow): JsonValue {
    return params;
  }

  @FieldResolver(() => DurationScalar)
  timeout(@Root() { timeoutMs }: JobRow): number {
    return timeoutMs;
  }

  @FieldResolver(() => DurationScalar)
  maxRuntime(@Root() { maxRuntimeMs }: JobRow): number {
    return maxRuntimeMs;
  }

  @FieldResolver(() => DurationScalar)
  idleTimeout(@Root() { idleTimeoutMs }: JobRow): number {
    return idleTimeoutMs;
  }

  @FieldResolver(() => DurationScalar)
  reserveFor(@Root() { reserveMs }: JobRow): number {
    return reserveMs;
  }

  @FieldResolver(() => [JobDependencyType])
  async after(
    @Root() { after = [] }: JobRow,
    @Ctx() { loaders }: ApiContext,
  ): Promise<{ job: JobRow; when: DependencyCondition }[]> {
    const jobs = await Promise.all(after.map(({ jobId }) => loaders.job.load(jobId)));
    return after.flatMap(({ when }, index) => {
      const job = jobs[index];
      return job === undefined ? [] : [{ job, when }];
    });
  }

  @FieldResolver(() => SuiteType, { nullable: true })
  async suite(@Root() { suiteId }: JobRow, @Ctx() { loaders }: ApiContext): Promise<SuiteRow | undefined> {
    return suiteId === undefined ? undefined : loaders.suite.load(suiteId);
  }

  @FieldResolver(() => ControlFileType)
  control(@Root() { bundleHash }: JobRow, @Ctx() { loaders }: ApiContext): Promise<ControlFileType> {
    return controlOf(loaders, bundleHash);
  }

  @FieldResolver(() => [EntryType])
  entries(@Root() { id }: JobRow, @Ctx() { loaders }: ApiContext): Promise<EntryRow[]> {
    return loaders.entriesOf.load(id);
  }

  @FieldResolver(() => [ExecutionType])
  executions(@Root() { id }: JobRow, @Ctx() { services }: ApiContext): Promise<ExecutionRow[]> {
    return services.database.jobs.executions(id);
  }

  @FieldResolver(() => [TaskType])
  async tasks(@Root() { id }: JobRow, @Ctx() { services }: ApiContext): Promise<TaskRow[]> {
    return services.database.jobs.tasksOf({ jobId: id, first: 1000 });
  }

  @FieldResolver(() => [TestResultType])
  results(@Root() { id }: JobRow, @Ctx() { loaders }: ApiContext): Promise<ResultNodeRow[]> {
    return loaders.nodesOf.load(id);
  }

  @FieldResolver(() => ResultCountsType)
  async counts(@Root() { id }: JobRow, @Ctx() { loaders }: ApiContext): Promise<ResultCountsType> {
    return sumCounts(await loaders.countsOf.load(id));
  }
}
