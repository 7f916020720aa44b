import type { Database } from '@autotest/core/db';
import { resultsSecretName } from '@autotest/core/node';

/** After the secret was changed in the database, how long the old one may still be used. */
const forMs = 60_000;

/** The secret by which tokens are checked. While the database is away, the one that was known last. */
export class SecretSource {
  readonly #secrets: Database['secrets'];
  #known: string | undefined;
  #readAt = -Infinity;

  constructor({ secrets }: Pick<Database, 'secrets'>) {
    this.#secrets = secrets;
  }

  async get(): Promise<string> {
    if (this.#known !== undefined && performance.now() - this.#readAt < forMs) return this.#known;
    try {
      this.#known = await this.#secrets.get(resultsSecretName);
      this.#readAt = performance.now();
    } catch (error) {
      if (this.#known === undefined) throw error;
    }
    return this.#known;
  }
}
