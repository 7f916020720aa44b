import type { ResultNodeRow } from '@autotest/core/db';
import { Arg, Ctx, FieldResolver, Int, Query, Resolver, Root } from 'type-graphql';
import { principalOf, type ApiContext } from '../context.ts';
import { checkFirst, given } from '../schema/arguments.ts';
import { MetricType, TestResultType } from './result.type.ts';

@Resolver(() => TestResultType)
export class ResultResolver {
  @Query(() => [TestResultType], { description: 'Newest results of one test, over all jobs.' })
  testHistory(
    @Arg('testName', () => String) testName: string,
    @Arg('host', () => String, { nullable: true }) host: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: 50 }) first: number | null,
    @Ctx() context: ApiContext,
  ): Promise<ResultNodeRow[]> {
    principalOf(context);
    const hostName = given(host);
    return context.services.database.results.history({
      testName,
      first: checkFirst(first ?? 50, 500),
      ...(hostName !== undefined && { host: hostName }),
    });
  }

  @FieldResolver(() => [MetricType])
  metrics(@Root() node: ResultNodeRow, @Ctx() { loaders }: ApiContext): Promise<MetricType[]> {
    return loaders.metricsOf.load(node.id);
  }
}
