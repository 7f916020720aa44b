import type { AclGroupRow } from '../rows.ts';

/** Groups of users and hosts. A host in no group is everybody's; a host in groups is its members' and administrators'. */
export interface AccessStore {
  /** @throws AutotestError AT_ALREADY_EXISTS */
  create(group: { readonly name: string; readonly description?: string }, by: string): Promise<AclGroupRow>;
  /** `description` null: none. @throws AutotestError AT_NOT_FOUND, AT_ALREADY_EXISTS */
  update(id: number, patch: { name?: string; description?: string | null }, by: string): Promise<AclGroupRow>;
  /** Its hosts stay. @throws AutotestError AT_NOT_FOUND */
  remove(id: number, by: string): Promise<void>;
  /** Adds and takes out members and hosts; who is in already, or is not, stays so. @throws AutotestError AT_NOT_FOUND */
  change(id: number, change: AclChange, by: string): Promise<AclGroupRow>;
  byName(name: string): Promise<AclGroupRow | undefined>;
  /** By name. */
  list(): Promise<AclGroupRow[]>;
  /** The groups that a login is in, by name. */
  groupsOf(login: string): Promise<AclGroupRow[]>;
  mayUse(login: string, hostId: number): Promise<boolean>;
  /** Which of some hosts a login may use. */
  usable(login: string, hostIds: readonly number[]): Promise<Set<number>>;
}

export interface AclChange {
  readonly addUsers?: readonly string[];
  readonly removeUsers?: readonly string[];
  readonly addHostIds?: readonly number[];
  readonly removeHostIds?: readonly number[];
}
