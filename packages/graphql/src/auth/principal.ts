import type { Role, TokenRow, UserRow } from '@autotest/core/db';
import { ForbiddenError } from '../errors.ts';

/** Who asks. */
export interface Principal {
  readonly user: UserRow;
  readonly token: TokenRow;
  readonly secretHash: string;
}

const rank: Readonly<Record<Role, number>> = { viewer: 0, user: 1, admin: 2 };

/** @throws ForbiddenError */
export function requireRole(principal: Principal, role: Role, what: string): void {
  if (rank[principal.user.role] >= rank[role]) return;
  const who = role === 'admin' ? 'an administrator' : 'a user with more rights';
  throw new ForbiddenError(what, `Ask ${who}: your role is ${principal.user.role}.`);
}

/**
 * Whether somebody may change a thing with an owner: its owner and administrators may; viewers never.
 *
 * @throws ForbiddenError
 */
export function requireOwner(principal: Principal, owner: string, what: string): void {
  requireRole(principal, 'user', what);
  if (principal.user.role === 'admin' || principal.user.login === owner) return;
  throw new ForbiddenError(what, `It belongs to ${owner}; only its owner and administrators may.`);
}
