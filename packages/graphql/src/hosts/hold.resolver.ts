import type { HostRow } from '@autotest/core/db';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { requireRole, type Principal } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { MissingError } from '../errors.ts';
import { checkLength, checkOptionalText, checkText } from '../schema/arguments.ts';
import { orConflict } from '../schema/conflict.ts';
import { DurationScalar } from '../schema/scalars.ts';
import { findHost, hostForUse, requireUnreserved } from './find-host.ts';
import { HostType } from './host.type.ts';

/** Locks keep everybody's jobs away, reservations those of others. What runs goes on in either case. */
@Resolver()
export class HostHoldResolver {
  @Mutation(() => HostType, { description: 'Keeps jobs away. Your own lock gets another reason and end.' })
  async lockHost(
    @Arg('name', () => String) name: string,
    @Arg('reason', () => String) reason: string,
    @Arg('for', () => DurationScalar, {
      nullable: true,
      description: 'From now on; default: until somebody unlocks it.',
    })
    lengthMs: number | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<HostRow> {
    const used = await hostForUse(context, name, 'lock');
    requireUnreserved(used);
    const { database, principal, host } = used;
    const until = typeof lengthMs === 'number' ? { until: checkLength('for', lengthMs) } : {};
    const lock = { reason: checkText('reason', reason, 1000), ...until };
    return orConflict(database.hosts.lock(host.id, lock, principal.user.login));
  }

  @Mutation(() => HostType, { description: 'Without effect where nobody locked it. Administrators unlock for others.' })
  async unlockHost(@Arg('name', () => String) name: string, @Ctx() context: ApiContext): Promise<HostRow> {
    const principal = principalOf(context);
    requireRole(principal, 'user', 'unlock hosts');
    const { hosts } = context.services.database;
    const host = await findHost(context.services.database, name);
    const force = principal.user.role === 'admin';
    return orConflict(hosts.unlock(host.id, principal.user.login, { force }));
  }

  @Mutation(() => HostType, { description: 'Only your jobs get the host meanwhile; what runs goes on.' })
  async reserveHost(
    @Arg('name', () => String) name: string,
    @Arg('for', () => DurationScalar, { description: 'From now on.' }) lengthMs: number,
    @Arg('reason', () => String, { nullable: true }) reason: string | null | undefined,
    @Arg('login', () => String, { nullable: true, description: 'For whom; administrators only.' })
    login: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<HostRow> {
    const { database, principal, host } = await hostForUse(context, name, 'reserve');
    const by = await holderOf(context, principal, login);
    const text = checkOptionalText('reason', reason, 1000);
    const reservation = { by, until: checkLength('for', lengthMs), ...(text && { reason: text }) };
    return orConflict(database.hosts.reserve(host.id, reservation, principal.user.login));
  }

  @Mutation(() => HostType, { description: 'Moves the end of your reservation on, to so long from now; never back.' })
  async extendReservation(
    @Arg('name', () => String) name: string,
    @Arg('for', () => DurationScalar, { description: 'From now on.' }) lengthMs: number,
    @Ctx() context: ApiContext,
  ): Promise<HostRow> {
    // Whoever lost the group meanwhile keeps the host no longer than promised.
    const { database, principal, host } = await hostForUse(context, name, 'reserve');
    const by = principal.user.login;
    return orConflict(database.hosts.extendReservation(host.id, { by, until: checkLength('for', lengthMs) }));
  }

  @Mutation(() => HostType, { description: 'Without effect where nobody has it.' })
  async releaseHost(
    @Arg('name', () => String) name: string,
    @Arg('force', () => Boolean, { nullable: true, description: 'Somebody else’s as well; administrators only.' })
    forced: boolean | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<HostRow> {
    const principal = principalOf(context);
    const force = forced ?? false;
    requireRole(principal, force ? 'admin' : 'user', force ? 'release hosts of others' : 'release hosts');
    const { database } = context.services;
    const host = await findHost(database, name);
    return orConflict(database.hosts.release(host.id, principal.user.login, { force }));
  }
}

/** @throws ForbiddenError, MissingError */
async function holderOf(
  { services }: ApiContext,
  principal: Principal,
  login: string | null | undefined,
): Promise<string> {
  const { user } = principal;
  if (!login || login === user.login) return user.login;
  requireRole(principal, 'admin', 'reserve hosts for others');
  if ((await services.database.users.byLogin(login)) === undefined) throw new MissingError('user', login);
  return login;
}
