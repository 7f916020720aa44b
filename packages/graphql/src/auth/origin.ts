import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a WebSocket may be opened by the page it comes from. Browsers send cookies along whichever page opens a socket, so a
 * page of another origin is refused; programs send no origin.
 */
export function isOwnOrigin(headers: IncomingHttpHeaders, publicUrl: string | undefined): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const url = new URL(origin);
  if (publicUrl !== undefined && url.origin === new URL(publicUrl).origin) return true;
  return host !== undefined && url.host === host && /^https?:$/.test(url.protocol);
}
