import type { ServerResponse } from 'node:http';
import { resultsLimits, type ResultsReader } from '@autotest/core/node';
import { numberIn } from './query.ts';

/** Sends the list of the files. */
export async function answerList(
  results: ResultsReader,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const first = numberIn(query, 'first', { least: 1, most: resultsLimits.files });
  const under = query.get('under') ?? undefined;
  const files = await results.list({ first, under });
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(files));
}
