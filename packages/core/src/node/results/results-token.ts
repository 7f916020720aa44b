import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Tokens by which an API server reads results from a dispatcher's machine. Both know a secret from the database; a token is a claim and its HMAC:
 * `base64url(JSON) . base64url(HMAC-SHA-256)`. It opens one directory of one dispatcher for a few minutes, and is good for reading only.
 */
export interface ResultsClaim {
  readonly executionId: number;
  /** Results directory of the execution: absolute, on the dispatcher's machine. */
  readonly directory: string;
  /** For whom the token is. */
  readonly dispatcherId: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/** Name of the secret in the database. */
export const resultsSecretName = 'results';
/** How long a program believes what it read of it. */
export const resultsSecretMs = 60_000;
export const resultsTokenMs = 2 * 60_000;
/** Clocks of machines differ. One that expires later than this from now was not made by us. */
const longestMs = 10 * 60_000;
const maxTokenLength = 8192;

export function signResultsToken(secret: string, claim: ResultsClaim): string {
  const payload = Buffer.from(JSON.stringify(claim)).toString('base64url');
  return `${payload}.${macOf(secret, payload).toString('base64url')}`;
}

/** What a token says; undefined for one that is wrong, expired or for somebody else. */
export function readResultsToken(
  secret: string,
  token: string,
  { dispatcherId, now }: { readonly dispatcherId: string; readonly now: number },
): ResultsClaim | undefined {
  const [payload, mac, ...rest] = token.length > maxTokenLength ? [] : token.split('.');
  if (payload === undefined || mac === undefined || rest.length > 0) return undefined;
  const given = Buffer.from(mac, 'base64url');
  const right = macOf(secret, payload);
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
  const claim = JSON.parse(Buffer.from(payload, 'base64url').toString()) as ResultsClaim;
  const leftMs = claim.expiresAt - now;
  return claim.dispatcherId === dispatcherId && leftMs > 0 && leftMs <= longestMs ? claim : undefined;
}

function macOf(secret: string, payload: string): Buffer {
  return createHmac('sha256', secret).update(`autotest results token\0${payload}`).digest();
}
