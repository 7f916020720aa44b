import type { ServerResponse } from 'node:http';
import { resultsLimits, sizeHeader, type ResultsReader } from '@autotest/core/node';
import { numberIn, pathIn } from './query.ts';

/** Sends bytes of a file from an offset, as soon as there is more than the reader knows of. */
export async function answerTail(
  results: ResultsReader,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const anyOffset = { least: 0, most: Number.MAX_SAFE_INTEGER };
  const request = {
    offset: numberIn(query, 'offset', anyOffset),
    beyond: numberIn(query, 'beyond', anyOffset),
    lengthBytes: numberIn(query, 'length', { least: 1, most: resultsLimits.lengthBytes }),
    waitMs: numberIn(query, 'wait', { least: 0, most: resultsLimits.waitMs }),
  };
  const left = new AbortController();
  response.once('close', () => left.abort());
  const follower = results.follow(pathIn(query), left.signal);
  try {
    const found = await follower.read(request);
    if (response.destroyed) return;
    if (!found) response.writeHead(404).end();
    else
      response
        .writeHead(200, { 'content-type': 'application/octet-stream', [sizeHeader]: found.sizeBytes })
        .end(found.bytes);
  } finally {
    follower.close();
  }
}
