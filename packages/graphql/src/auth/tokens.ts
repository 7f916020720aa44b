import { createHash, randomBytes } from 'node:crypto';

/** A new secret of 32 random bytes, as base64url. It is shown once and stored nowhere. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is stored of a secret. Since the secret is random, looking the hash up tells nothing by its timing. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether a text can be one of our secrets at all. */
export function isSecret(text: unknown): text is string {
  return typeof text === 'string' && /^[\w-]{43}$/.test(text);
}

export const loginTokenMs = 15 * 60 * 1000;
export const sessionMs = 14 * 24 * 60 * 60 * 1000;
