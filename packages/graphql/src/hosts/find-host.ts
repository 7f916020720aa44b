import { reservationOf } from '@autotest/core';
import { HostReservedError, type Database, type HostRow } from '@autotest/core/db';
import { requireRole, type Principal } from '../auth/principal.ts';
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

/**
 * Whether somebody may use a host: administrators may, viewers never, others when it is in no group or in one of theirs.
 *
 * @throws ForbiddenError
 */
export async function requireUse(database: Database, principal: Principal, host: HostRow, what: string): Promise<void> {
  requireRole(principal, 'user', what);
  if (principal.user.role === 'admin' || (await database.access.mayUse(principal.user.login, host.id))) return;
  const groups = (await database.lookup.groupsOf([host.id])).get(host.id) ?? [];
  throw new ForbiddenError(what, `It belongs to ${groups.join(', ')}: ask an administrator to make you a member.`);
}

/**
 * Keeps all but administrators from a host that somebody else has reserved.
 *
 * @throws ConflictError (`AT_HOST_RESERVED`)
 */
export function requireUnreserved({ user }: Principal, host: HostRow): void {
  const reservation = reservationOf(host, Date.now());
  if (reservation === undefined || reservation.by === user.login || user.role === 'admin') return;
  throw new ConflictError(new HostReservedError(host.name, reservation));
}
