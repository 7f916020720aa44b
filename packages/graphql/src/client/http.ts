import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { messageOf } from '@autotest/core';
import { print } from 'graphql';
import { ApiError, ServerUnreachableError, apiErrorOf, isFaults } from './errors.ts';

/** Where to ask and as whom. */
export interface Endpoint {
  readonly url: string;
  readonly token: string | undefined;
  readonly traceParent: string | undefined;
  readonly fetch: typeof globalThis.fetch;
}

/**
 * Asks one question over HTTP.
 *
 * @throws ApiError ServerUnreachableError
 */
export async function post<D, V>(
  { url, token, traceParent, fetch }: Endpoint,
  document: TypedDocumentNode<D, V>,
  variables: V | undefined,
  signal: AbortSignal | undefined,
): Promise<D> {
  const response = await send();
  const answer = await readAnswer(url, response);
  if (isFaults(answer.errors)) throw apiErrorOf(answer.errors);
  if (response.status === 401) throw new ApiError('UNAUTHENTICATED', 'You are not signed in.');
  if (answer.data === undefined || answer.data === null)
    throw new ServerUnreachableError(url, `it answered with HTTP status ${response.status} and no data`);
  // oxlint-disable-next-line no-unsafe-type-assertion -- what the schema says of the document
  return answer.data as D;

  async function send(): Promise<Response> {
    try {
      return await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(traceParent !== undefined && { traceparent: traceParent }),
        },
        body: JSON.stringify({ query: print(document), variables }),
        credentials: 'same-origin',
        ...(signal !== undefined && { signal }),
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ServerUnreachableError(url, reasonOf(error), error);
    }
  }
}

async function readAnswer(url: string, response: Response): Promise<{ data?: unknown; errors?: unknown }> {
  const text = await response.text();
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === 'object' && answer !== null) return answer;
  } catch {
    // Not one of our servers, or a proxy before it: the status says more than the text.
  }
  throw new ServerUnreachableError(url, `HTTP status ${response.status}, and no JSON`);
}

/** `fetch` hides why it failed in the cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? messageOf(cause) : messageOf(error);
}
