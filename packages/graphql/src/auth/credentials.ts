import type { IncomingHttpHeaders } from 'node:http';
import { isSecret } from './tokens.ts';

/** Name of the session's cookie. Cookies do not know ports: the name does, so that two servers of one machine do not sign each other out. */
export function cookieName(port: number): string {
  return `autotest_session_${port}`;
}

/**
 * The secret of a request: of the `Authorization` header, else of the session's cookie. A header that is wrong is not made good by
 * a cookie.
 */
export function secretOf(headers: IncomingHttpHeaders, cookie: string): string | undefined {
  if (headers.authorization !== undefined) return bearerOf(headers.authorization);
  const values = cookieValues(headers.cookie ?? '', cookie);
  return values.length === 1 && isSecret(values[0]) ? values[0] : undefined;
}

function bearerOf(header: string): string | undefined {
  const secret = /^Bearer ([\w-]{43})$/i.exec(header)?.[1];
  return isSecret(secret) ? secret : undefined;
}

function cookieValues(header: string, name: string): string[] {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
}

/** `Set-Cookie` of a session; an empty secret deletes it. */
export function sessionCookie(name: string, secret: string, options: { secure: boolean; maxAgeMs: number }): string {
  const maxAge = Math.floor(options.maxAgeMs / 1000);
  const secure = options.secure ? '; Secure' : '';
  return `${name}=${secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAge}${secure}`;
}
