import type { UserRow } from '@autotest/core/db';
import type { Authenticator } from '../auth/authenticator.ts';

/** A link that signs a browser in, once, within 15 minutes. The token stands behind the `#`, so that it reaches no log and no other site. */
export async function loginLink(authenticator: Authenticator, publicUrl: string, user: UserRow): Promise<string> {
  const { secret } = await authenticator.makeToken(user, 'login', 'login link');
  return `${publicUrl}/#/login?token=${secret}`;
}
