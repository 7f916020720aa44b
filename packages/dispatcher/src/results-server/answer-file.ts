import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { modifiedHeader, parseRange, sizeHeader, type ResultsReader } from '@autotest/core/node';
import { pathIn } from './query.ts';

/** Sends a file, or a range of it. */
export async function answerFile(
  results: ResultsReader,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const file = await results.open(pathIn(query));
  if (!file) {
    response.writeHead(404).end();
    return;
  }
  try {
    const { sizeBytes, modifiedAt } = file;
    const range = parseRange(request.headers.range, sizeBytes);
    response.setHeader('content-type', 'application/octet-stream');
    response.setHeader('accept-ranges', 'bytes');
    response.setHeader(modifiedHeader, modifiedAt);
    response.setHeader(sizeHeader, sizeBytes);
    if (range === 'none') {
      response.writeHead(416, { 'content-range': `bytes */${sizeBytes}` }).end();
      return;
    }
    const { start, end } = range === 'whole' ? { start: 0, end: sizeBytes - 1 } : range;
    response.writeHead(range === 'whole' ? 200 : 206, {
      'content-length': end - start + 1,
      ...(range !== 'whole' && { 'content-range': `bytes ${start}-${end}/${sizeBytes}` }),
    });
    // `end` holds what was promised even when the file grows meanwhile.
    if (request.method === 'HEAD' || end < start) response.end();
    else await pipeline(await file.stream({ start, end }), response);
  } finally {
    await file.close();
  }
}
