import type { JobRow, SuiteRow } from '@autotest/core/db';
import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { requireOwner } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { MissingError } from '../errors.ts';
import { JobType } from '../jobs/job.type.ts';
import { checkFirst, readBefore, rowId } from '../schema/arguments.ts';
import { pageOf, type Page } from '../schema/page.ts';
import type { Refusal } from '../submit/submit.type.ts';
import { createSuite } from './create-suite.ts';
import { CreateSuiteInput } from './suite.input.ts';
import {
  AbortSuitePayloadType,
  CreateSuiteResultUnion,
  SuiteConnectionType,
  SuiteType,
  type CreateSuiteSuccessType,
} from './suite.type.ts';

@Resolver(() => SuiteType)
export class SuiteResolver {
  @Query(() => SuiteType, { nullable: true })
  suite(@Arg('id', () => ID) id: string, @Ctx() context: ApiContext): Promise<SuiteRow | undefined> | undefined {
    principalOf(context);
    const suiteId = rowId(id);
    return suiteId === undefined ? undefined : context.loaders.suite.load(suiteId);
  }

  @Query(() => SuiteConnectionType, { description: 'Newest first.' })
  async suites(
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) firstOrNull: number | null,
    @Arg('after', () => String, { nullable: true }) after: string | null | undefined,
    @Arg('owner', () => String, { nullable: true }) owner: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<Page<SuiteRow>> {
    principalOf(context);
    const first = checkFirst(firstOrNull ?? 50, 100);
    const rows = await context.services.database.suites.list({
      first: first + 1,
      ...readBefore(after),
      ...(owner && { owner }),
    });
    return pageOf(rows, first, ({ id }) => String(id));
  }

  @Mutation(() => CreateSuiteResultUnion, { description: 'Submits all jobs of a suite, or none.' })
  createSuite(
    @Arg('input', () => CreateSuiteInput) input: CreateSuiteInput,
    @Ctx() context: ApiContext,
  ): Promise<CreateSuiteSuccessType | Refusal> {
    return createSuite(context, input);
  }

  @Mutation(() => AbortSuitePayloadType, { description: 'Aborts all jobs of a suite that are not over.' })
  async abortSuite(
    @Arg('id', () => ID) id: string,
    @Arg('reason', () => String, { nullable: true }) reason: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<{ suite: SuiteRow; entries: number }> {
    const principal = principalOf(context);
    const { suites } = context.services.database;
    const suiteId = rowId(id);
    const suite = suiteId === undefined ? undefined : await suites.byId(suiteId);
    if (suite === undefined) throw new MissingError('suite', id);
    requireOwner(principal, suite.owner, `abort suite ${suite.id}`);
    const why = (reason ?? '').trim() || 'no reason given';
    return { suite, entries: await suites.requestAbort(suite.id, principal.user.login, why) };
  }

  @FieldResolver(() => [JobType])
  jobs(@Root() { id }: SuiteRow, @Ctx() { services }: ApiContext): Promise<JobRow[]> {
    return services.database.suites.jobs(id);
  }
}
