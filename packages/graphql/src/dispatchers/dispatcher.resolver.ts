import type { Database, DispatcherRow } from '@autotest/core/db';
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { requireRole } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { MissingError } from '../errors.ts';
import { orConflict } from '../schema/conflict.ts';
import { DurationScalar } from '../schema/scalars.ts';
import { DispatcherType } from './dispatcher.type.ts';

type Dispatcher = DispatcherRow & { readonly executions: number };

@Resolver(() => DispatcherType)
export class DispatcherResolver {
  @Query(() => [DispatcherType], { description: 'All that ever gave a sign of life, by id.' })
  dispatchers(@Ctx() context: ApiContext): Promise<Dispatcher[]> {
    principalOf(context);
    return readDispatchers(context.services.database);
  }

  @Mutation(() => DispatcherType, { description: 'Lets it finish what it has and take nothing new, or ends that.' })
  async setDispatcherDraining(
    @Arg('id', () => ID) id: string,
    @Arg('draining', () => Boolean) draining: boolean,
    @Ctx() context: ApiContext,
  ): Promise<Dispatcher> {
    const principal = principalOf(context);
    requireRole(principal, 'admin', 'drain dispatchers');
    const { database } = context.services;
    await orConflict(database.scheduling.setDraining(id, draining, principal.user.login));
    const dispatcher = (await readDispatchers(database)).find((one) => one.id === id);
    if (dispatcher === undefined) throw new MissingError('dispatcher', id);
    return dispatcher;
  }

  @FieldResolver(() => DurationScalar)
  heartbeatAge(@Root() { heartbeatAt }: DispatcherRow): number {
    // Clocks of machines differ.
    return Math.max(0, Math.round(Date.now() - heartbeatAt));
  }
}

async function readDispatchers({ scheduling, lookup }: Database): Promise<Dispatcher[]> {
  const executions = await lookup.executionsOf();
  const rows = await scheduling.dispatchers();
  return rows.map((row) => ({ ...row, executions: executions.get(row.id) ?? 0 }));
}
