import type { AnyVariables, Client, TypedDocumentNode } from '@urql/core';

/**
 * Runs a query and gives its data.
 *
 * @throws CombinedError what `failureOf` reads
 */
export async function ask<D, V extends AnyVariables>(
  client: Client,
  document: TypedDocumentNode<D, V>,
  variables: V,
): Promise<D> {
  const result = await client.query(document, variables).toPromise();
  if (result.error !== undefined) throw result.error;
  if (result.data === undefined) throw new Error('The server sent an empty answer.');
  return result.data;
}

/**
 * Runs a mutation and gives its data.
 *
 * @throws CombinedError what `failureOf` reads
 */
export async function change<D, V extends AnyVariables>(
  client: Client,
  document: TypedDocumentNode<D, V>,
  variables: V,
): Promise<D> {
  const result = await client.mutation(document, variables).toPromise();
  if (result.error !== undefined) throw result.error;
  if (result.data === undefined) throw new Error('The server sent an empty answer.');
  return result.data;
}
