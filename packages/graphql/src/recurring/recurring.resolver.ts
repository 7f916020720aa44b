import { AutotestError, isJsonValue, type JsonValue } from '@autotest/core';
import type { JobRow, RecurringRow } from '@autotest/core/db';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { requireOwner } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { MissingError } from '../errors.ts';
import { controlOf } from '../jobs/control.ts';
import { ControlFileType, JobType } from '../jobs/job.type.ts';
import { checkFirst, readBefore, rowId } from '../schema/arguments.ts';
import { pageOf, type Page } from '../schema/page.ts';
import { DurationScalar, JsonScalar } from '../schema/scalars.ts';
import { InputInvalidType } from '../schema/user-error.ts';
import type { Refusal } from '../submit/submit.type.ts';
import { addRecurring } from './add-recurring.ts';
import { AddRecurringInput, UpdateRecurringInput } from './recurring.input.ts';
import {
  AddRecurringResultUnion,
  RecurringConnectionType,
  RecurringType,
  RunRecurringResultUnion,
  RunRecurringSuccessType,
  UpdateRecurringResultUnion,
  type RecurringSuccessType,
} from './recurring.type.ts';
import { updateRecurring } from './update-recurring.ts';

@Resolver(() => RecurringType)
export class RecurringResolver {
  @Query(() => RecurringType, { nullable: true })
  async recurring(@Arg('id', () => ID) id: string, @Ctx() context: ApiContext): Promise<RecurringRow | undefined> {
    principalOf(context);
    const recurringId = rowId(id);
    return recurringId === undefined ? undefined : context.services.database.recurring.byId(recurringId);
  }

  @Query(() => RecurringConnectionType, { description: 'Newest first.' })
  async recurringJobs(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) firstOrNull: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('owner', () => String, { nullable: true }) owner: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<Page<RecurringRow>> {
    principalOf(context);
    const first = checkFirst(firstOrNull ?? 50, 100);
    const rows = await context.services.database.recurring.list({
      first: first + 1,
      ...readBefore(after),
      ...(owner && { owner }),
    });
    return pageOf(rows, first, ({ id }) => String(id));
  }

  @Mutation(() => AddRecurringResultUnion)
  addRecurring(
    @Arg('input', () => AddRecurringInput) input: AddRecurringInput,
    @Ctx() context: ApiContext,
  ): Promise<RecurringSuccessType | Refusal> {
    return addRecurring(context.services.database, principalOf(context), input);
  }

  @Mutation(() => UpdateRecurringResultUnion)
  async updateRecurring(
    @Arg('id', () => ID) id: string,
    @Arg('input', () => UpdateRecurringInput) input: UpdateRecurringInput,
    @Ctx() context: ApiContext,
  ): Promise<RecurringSuccessType | InputInvalidType> {
    const { recurring, by } = await ownRecurring(context, id, 'change');
    return updateRecurring(context.services.database, recurring.id, input, by);
  }

  @Mutation(() => Boolean, { description: 'The jobs that it submitted stay. False where somebody else was faster.' })
  async removeRecurring(@Arg('id', () => ID) id: string, @Ctx() context: ApiContext): Promise<boolean> {
    const { recurring, by } = await ownRecurring(context, id, 'remove');
    return context.services.database.recurring.remove(recurring.id, by);
  }

  @Mutation(() => RunRecurringResultUnion, { description: 'Submits it now, beside its schedule.' })
  async runRecurring(
    @Arg('id', () => ID) id: string,
    @Ctx() context: ApiContext,
  ): Promise<RunRecurringSuccessType | InputInvalidType> {
    const { recurring } = await ownRecurring(context, id, 'run');
    try {
      return new RunRecurringSuccessType(await context.services.database.recurring.runNow(recurring.id));
    } catch (error) {
      if (error instanceof AutotestError) return new InputInvalidType(error.message, ['id'], error.code);
      throw error;
    }
  }

  @FieldResolver(() => DurationScalar, { nullable: true })
  every(@Root() { everyMs }: RecurringRow): number | undefined {
    return everyMs;
  }

  @FieldResolver(() => JobType, { nullable: true })
  async lastJob(@Root() { lastJobId }: RecurringRow, @Ctx() { loaders }: ApiContext): Promise<JobRow | undefined> {
    return lastJobId === undefined ? undefined : loaders.job.load(lastJobId);
  }

  @FieldResolver(() => ControlFileType)
  control(@Root() { bundleHash }: RecurringRow, @Ctx() { loaders }: ApiContext): Promise<ControlFileType> {
    return controlOf(loaders, bundleHash);
  }

  @FieldResolver(() => JsonScalar)
  job(@Root() { job }: RecurringRow): JsonValue {
    const value: unknown = JSON.parse(job);
    return isJsonValue(value) ? value : null;
  }
}

/** @throws MissingError ForbiddenError */
async function ownRecurring(
  context: ApiContext,
  id: string,
  what: string,
): Promise<{ recurring: RecurringRow; by: string }> {
  const principal = principalOf(context);
  const recurringId = rowId(id);
  const recurring = recurringId === undefined ? undefined : await context.services.database.recurring.byId(recurringId);
  if (recurring === undefined) throw new MissingError('recurring job', id);
  requireOwner(principal, recurring.owner, `${what} recurring job ${recurring.id}`);
  return { recurring, by: principal.user.login };
}
