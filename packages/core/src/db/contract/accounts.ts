import type { AccountRow } from '../rows.ts';

/** Shares of the hosts. An account is a team, or a user without one; without a row its weight is 1 and nothing limits it. */
export interface AccountStore {
  set(account: AccountRow, by: string): Promise<AccountRow>;
  /** Back to the usual share. @throws AutotestError AT_NOT_FOUND */
  remove(name: string, by: string): Promise<void>;
  /** Those that were set, by name. */
  list(): Promise<AccountRow[]>;
  /** How many hosts the unfinished jobs of each account hold. */
  heldHosts(): Promise<Map<string, number>>;
}
