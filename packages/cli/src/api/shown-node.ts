import type { ResultFieldsFragment } from '@autotest/graphql/client';
import type { ShownNode } from '../output/result-tree.ts';

/** A result of the server as it is shown. */
export function shownNode({ startedAt, endedAt, ...result }: ResultFieldsFragment): ShownNode {
  return { ...result, durationMs: startedAt && endedAt ? Date.parse(endedAt) - Date.parse(startedAt) : undefined };
}
