import { reservationOf } from '@autotest/core';
import { HostReservedError, type Database, type HostRow } from '@autotest/core/db';
import { requireRole, type Principal } from '../auth/principal.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { ConflictError, ForbiddenError, MissingError } from '../errors.ts';

/** @throws MissingError */
export async function findHost({ hosts }: Database, name: string): Promise<HostRow> {
  const host = await hosts.byName(name);
  if (host === undefined) throw new MissingError('host', name);
  return host;
}

/** Hosts in the order of their names. @throws MissingError for the first name that is none */
export async function findHosts({ lookup }: Database, names: readonly string[]): Promise<HostRow[]> {
  const found = await lookup.hostsNamed(names);
  return names.map((name) => {
    const host = found.get(name);
    if (host === undefined) throw new MissingError('host', name);
    return host;
  });
}

/** A host that somebody wants to use, and who that is. */
export interface UsedHost {
  readonly database: Database;
  readonly principal: Principal;
  readonly host: HostRow;
}

/**
 * Finds a host that somebody wants to `verb` and may use: administrators may use all, viewers none, others those that are in no group or in one of theirs.
 *
 * @throws ForbiddenError, MissingError
 */
export async function hostForUse(context: ApiContext, name: string, verb: string): Promise<UsedHost> {
  const principal = principalOf(context);
  requireRole(principal, 'user', `${verb} hosts`);
  const { database } = context.services;
  const host = await findHost(database, name);
  const { login, role } = principal.user;
  if (role === 'admin' || (await database.access.mayUse(login, host.id))) return { database, principal, host };
  const groups = (await database.lookup.groupsOf([host.id])).get(host.id) ?? [];
  throw new ForbiddenError(
    `${verb} ${host.name}`,
    `It belongs to ${groups.join(', ')}: ask an administrator to make you a member.`,
  );
}

/**
 * Keeps all but administrators from a host that somebody else has reserved.
 *
 * @throws ConflictError (`AT_HOST_RESERVED`)
 */
export function requireUnreserved({ principal: { user }, host }: UsedHost): void {
  const reservation = reservationOf(host, Date.now());
  if (reservation === undefined || reservation.by === user.login || user.role === 'admin') return;
  throw new ConflictError(new HostReservedError(host.name, reservation));
}
