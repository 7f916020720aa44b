import type { Database, TokenRow, UserRow } from '@autotest/core/db';
import { UnauthenticatedError } from '../errors.ts';
import type { Principal } from './principal.ts';
import { hashSecret, isSecret, loginTokenMs, newSecret, sessionMs } from './tokens.ts';

/**
 * The one place that turns secrets into people, for HTTP, WebSocket and files alike, and that makes and revokes secrets.
 */
export class Authenticator {
  readonly #database: Database;
  readonly #now: () => number;
  readonly #onRevoked = new Set<(tokenId: number) => void>();

  constructor(database: Database, now: () => number = Date.now) {
    this.#database = database;
    this.#now = now;
  }

  /** Who a secret belongs to. Login tokens are no proof: they must be exchanged first. */
  async authenticate(secret: unknown): Promise<Principal | undefined> {
    if (!isSecret(secret)) return undefined;
    const secretHash = hashSecret(secret);
    const found = await this.#database.users.byTokenHash(secretHash, this.#now());
    if (found === undefined || found.token.kind === 'login') return undefined;
    return { ...found, secretHash };
  }

  /** The principal as of now; undefined when the token was revoked or has expired. */
  async refresh({ secretHash }: Principal): Promise<Principal | undefined> {
    const found = await this.#database.users.byTokenHash(secretHash, this.#now());
    return found && { ...found, secretHash };
  }

  /**
   * Exchanges a login token, once, for a session.
   *
   * @throws UnauthenticatedError
   */
  async login(secret: string): Promise<{ user: UserRow; sessionSecret: string }> {
    const found = isSecret(secret)
      ? await this.#database.users.byTokenHash(hashSecret(secret), this.#now())
      : undefined;
    const good =
      found?.token.kind === 'login' && (await this.#database.users.useLoginToken(found.token.id, this.#now()));
    if (!found || !good) {
      throw new UnauthenticatedError(
        'This login link is wrong, was used already or is older than 15 minutes. Make a new one with `autotest login-link`.',
      );
    }
    const { secret: sessionSecret } = await this.makeToken(found.user, 'session', 'browser');
    return { user: found.user, sessionSecret };
  }

  async makeToken(user: UserRow, kind: TokenRow['kind'], name: string): Promise<{ secret: string; token: TokenRow }> {
    const secret = newSecret();
    const lifeMs = { login: loginTokenMs, session: sessionMs, api: undefined }[kind];
    const token = await this.#database.users.addToken({
      userId: user.id,
      name,
      kind,
      secretHash: hashSecret(secret),
      ...(lifeMs !== undefined && { expiresAt: this.#now() + lifeMs }),
    });
    return { secret, token };
  }

  async revoke(tokenId: number): Promise<void> {
    await this.#database.users.revokeToken(tokenId);
    for (const listener of this.#onRevoked) listener(tokenId);
  }

  /** Calls back at once for tokens that this process revokes. */
  onRevoked(listener: (tokenId: number) => void): () => void {
    this.#onRevoked.add(listener);
    return () => this.#onRevoked.delete(listener);
  }
}
