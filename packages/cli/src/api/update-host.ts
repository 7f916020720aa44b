import {
  UpdateHostDocument,
  type Connection,
  type HostFieldsFragment,
  type UpdateHostInput,
} from '@autotest/graphql/client';
import { RefusedError } from '../errors.ts';

/** @throws RefusedError */
export async function updateHost(
  server: Connection,
  name: string,
  input: UpdateHostInput,
): Promise<HostFieldsFragment> {
  const answer = (await server.request(UpdateHostDocument, { name, input })).updateHost;
  if (answer.__typename !== 'HostSuccess') throw new RefusedError(answer.code, answer.message);
  return answer.host;
}
