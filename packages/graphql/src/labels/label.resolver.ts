import { labelProblem } from '@autotest/core';
import type { HostRow, LabelRow } from '@autotest/core/db';
import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { requireRole } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { ArgumentError } from '../errors.ts';
import { findHosts } from '../hosts/find-host.ts';
import { HostType } from '../hosts/host.type.ts';
import { checkNames, checkOptionalText } from '../schema/arguments.ts';
import { orConflict } from '../schema/conflict.ts';
import { DeleteLabelPayloadType, LabelType } from './label.type.ts';

@Resolver(() => LabelType)
export class LabelResolver {
  @Query(() => [LabelType], { description: 'All that are described or carried, by name.' })
  labels(@Ctx() context: ApiContext): Promise<(LabelRow & { hosts: number })[]> {
    principalOf(context);
    return context.services.database.labels.list();
  }

  @Mutation(() => LabelType, { description: 'Describes a label; what is left out stays.' })
  async setLabel(
    @Arg('name', () => String) name: string,
    @Arg('description', () => String, { nullable: true }) description: string | null | undefined,
    @Arg('onlyIfNeeded', () => Boolean, { nullable: true }) onlyIfNeeded: boolean | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<LabelRow & { hosts: number }> {
    const principal = principalOf(context);
    requireRole(principal, 'admin', 'change labels');
    checkLabel('name', name);
    const { labels } = context.services.database;
    const old = (await labels.list()).find((label) => label.name === name);
    const text = checkOptionalText('description', description, 1000);
    const kept = text === undefined ? old?.description : text;
    const row = await labels.set(
      { name, onlyIfNeeded: onlyIfNeeded ?? old?.onlyIfNeeded ?? false, ...(kept && { description: kept }) },
      principal.user.login,
    );
    return { ...row, hosts: old?.hosts ?? 0 };
  }

  @Mutation(() => DeleteLabelPayloadType, { description: 'Forgets a label and takes it off all hosts.' })
  async deleteLabel(@Arg('name', () => String) name: string, @Ctx() context: ApiContext): Promise<{ hosts: number }> {
    const principal = principalOf(context);
    requireRole(principal, 'admin', 'change labels');
    return { hosts: await orConflict(context.services.database.labels.remove(name, principal.user.login)) };
  }

  @Mutation(() => [HostType], { description: 'Labels many hosts at once; gives those that it changed.' })
  async updateHostLabels(
    @Arg('hosts', () => [String]) names: readonly string[],
    @Arg('add', () => [String], { nullable: true }) add: readonly string[] | null | undefined,
    @Arg('remove', () => [String], { nullable: true }) remove: readonly string[] | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<HostRow[]> {
    const principal = principalOf(context);
    requireRole(principal, 'admin', 'change labels');
    const { database } = context.services;
    const change = { add: checkNames('add', add), remove: checkNames('remove', remove) };
    for (const label of change.add) checkLabel('add', label);
    const hosts = await findHosts(database, checkNames('hosts', names));
    const ids = hosts.map(({ id }) => id);
    return orConflict(database.hosts.updateLabels(ids, change, principal.user.login));
  }
}

/** @throws ArgumentError */
function checkLabel(argument: string, label: string): void {
  const problem = labelProblem(label);
  if (problem === undefined) return;
  throw new ArgumentError(argument, `holds ${JSON.stringify(label.slice(0, 60))}, which is no label: ${problem}`);
}
