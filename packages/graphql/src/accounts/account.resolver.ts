import type { AccountRow, Database } from '@autotest/core/db';
import { Arg, Ctx, Float, Int, Mutation, Query, Resolver } from 'type-graphql';
import { requireRole } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { ArgumentError } from '../errors.ts';
import { checkText } from '../schema/arguments.ts';
import { orConflict } from '../schema/conflict.ts';
import { AccountType } from './account.type.ts';

type Account = AccountRow & { readonly heldHosts: number };

@Resolver(() => AccountType)
export class AccountResolver {
  @Query(() => [AccountType], { description: 'Those of all users and teams, and those that were set, by name.' })
  accounts(@Ctx() context: ApiContext): Promise<Account[]> {
    principalOf(context);
    return readAccounts(context.services.database);
  }

  @Mutation(() => AccountType, { description: 'What is left out stays; a maxHosts of null is no limit.' })
  async setAccount(
    @Arg('name', () => String) name: string,
    @Arg('weight', () => Float, { nullable: true }) weight: number | null | undefined,
    @Arg('maxHosts', () => Int, { nullable: true }) maxHosts: number | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<Account> {
    const principal = principalOf(context);
    requireRole(principal, 'admin', 'change accounts');
    const { database } = context.services;
    const account = checkText('name', name, 100);
    if (typeof weight === 'number' && !(weight > 0 && weight <= 1000))
      throw new ArgumentError(
        'weight',
        'must be above 0 and at most 1000; to keep an account from hosts, set maxHosts to 0.',
      );
    if (maxHosts && maxHosts < 0) throw new ArgumentError('maxHosts', 'must not be negative.');
    const old = (await readAccounts(database)).find((one) => one.name === account);
    const limit = maxHosts === undefined ? old?.maxHosts : (maxHosts ?? undefined);
    const row = await database.accounts.set(
      { name: account, weight: weight ?? old?.weight ?? 1, ...(limit !== undefined && { maxHosts: limit }) },
      principal.user.login,
    );
    return { ...row, heldHosts: old?.heldHosts ?? 0 };
  }

  @Mutation(() => Boolean, { description: 'Back to a weight of 1 without limit.' })
  async removeAccount(@Arg('name', () => String) name: string, @Ctx() context: ApiContext): Promise<boolean> {
    const principal = principalOf(context);
    requireRole(principal, 'admin', 'change accounts');
    await orConflict(context.services.database.accounts.remove(name, principal.user.login));
    return true;
  }
}

async function readAccounts({ accounts, users }: Database): Promise<Account[]> {
  const held = await accounts.heldHosts();
  const all = new Map<string, AccountRow>();
  const usual = (await users.list()).map(({ login, team }) => team ?? login);
  for (const name of [...usual, ...held.keys()]) all.set(name, { name, weight: 1 });
  for (const row of await accounts.list()) all.set(row.name, row);
  return [...all.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((row) => ({ ...row, heldHosts: held.get(row.name) ?? 0 }));
}
