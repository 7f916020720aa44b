import type { Role, TokenRow, UserRow } from '../rows.ts';

export interface UserStore {
  /** Tells of it where somebody (`by`) did it; the first user is made by nobody. @throws AutotestError AT_ALREADY_EXISTS */
  add(user: { login: string; role: Role; team?: string }, by?: string): Promise<UserRow>;
  /** `team` null: none. Jobs keep the account that they were submitted with. @throws AutotestError AT_NOT_FOUND */
  update(id: number, patch: { role?: Role; team?: string | null }, by: string): Promise<UserRow>;
  /** Ends the user's tokens as well. Jobs, reservations and places in groups go by login and stay. @throws AutotestError AT_NOT_FOUND */
  remove(id: number, by: string): Promise<void>;
  byLogin(login: string): Promise<UserRow | undefined>;
  /** In order of their making. */
  list(query?: { role?: Role }): Promise<UserRow[]>;
  count(): Promise<number>;
  /** Stores only the hash of the secret. */
  addToken(token: {
    userId: number;
    name: string;
    kind: TokenRow['kind'];
    secretHash: string;
    expiresAt?: number;
  }): Promise<TokenRow>;
  /** Token and its user by hash of the secret, unless expired (by `now`) or a `login` token already used. */
  byTokenHash(secretHash: string, now: number): Promise<{ user: UserRow; token: TokenRow } | undefined>;
  /** Marks a login token used; false if somebody was faster. */
  useLoginToken(tokenId: number, now: number): Promise<boolean>;
  revokeToken(tokenId: number): Promise<void>;
}
