import { Client, fetchExchange } from '@urql/core';

/** When the server last answered, and how far its clock is from ours: for "N s behind". */
export const serverClock = { skewMs: 0 };

async function watchedFetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init);
  const date = Date.parse(response.headers.get('date') ?? '');
  if (!Number.isNaN(date)) serverClock.skewMs = Date.now() - date;
  return response;
}

/**
 * Queries and mutations over HTTP; who we are is in an HttpOnly cookie. There is no cache: pages hold what they show, and the
 * live stream keeps it current.
 */
export function createApiClient(url: string): Client {
  return new Client({
    url,
    exchanges: [fetchExchange],
    preferGetMethod: false,
    requestPolicy: 'network-only',
    fetch: watchedFetch,
    fetchOptions: { credentials: 'same-origin' },
  });
}
