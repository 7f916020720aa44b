import { pipeline } from 'node:stream/promises';
import type { Log } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import { parseRange, type ResultsFile } from '@autotest/core/node';
import type { Request, RequestHandler, Response } from 'express';
import { secretOf } from '../auth/credentials.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import { contentTypeOf } from '../files/content-type.ts';
import { ResultsUnreachableError } from '../errors.ts';
import type { ResultsSources } from '../files/results-sources.ts';
import { rowId } from '../schema/arguments.ts';

/** Results are made by strangers: what a browser could run it only saves, and it may load nothing. */
const filePolicy = "default-src 'none'; sandbox";

/** `GET /results/<executionId>/<path>`: a file of a results directory, whole or a range of it. */
export function serveResultsFiles(options: {
  readonly database: Database;
  readonly authenticator: Authenticator;
  readonly cookie: string;
  readonly results: ResultsSources;
  readonly log: Log;
}): RequestHandler {
  const { database, authenticator, cookie, results, log } = options;
  return async (request, response) => {
    const principal = await authenticator.authenticate(secretOf(request.headers, cookie));
    if (principal === undefined) {
      response.setHeader('WWW-Authenticate', 'Bearer').status(401).type('txt').send('Sign in first.\n');
      return;
    }
    const id = rowId(String(request.params.executionId));
    const execution = id === undefined ? undefined : await database.jobs.executionById(id);
    const path = pathOf(request);
    let file: ResultsFile | undefined;
    try {
      file = execution && (await (await results.of(execution)).open(path));
      if (file === undefined) response.status(404).type('txt').send('There is no such file.\n');
      else await send(request, response, path, file);
    } catch (error) {
      if (error instanceof ResultsUnreachableError && !response.headersSent) {
        response.removeHeader('Content-Disposition');
        response.status(502).type('txt').send(`${error.message}\n`);
        return;
      }
      // A reader that left is no fault of ours.
      if (!response.destroyed) log.warn('Sending a file failed.', { path, error });
      response.destroy();
    } finally {
      await file?.close();
    }
  };
}

function pathOf({ params }: Request): string {
  const path: unknown = params.path;
  return Array.isArray(path) ? path.join('/') : String(path);
}

async function send(request: Request, response: Response, path: string, file: ResultsFile): Promise<void> {
  const { type, inline } = contentTypeOf(path);
  const etag = `"${file.sizeBytes.toString(16)}-${file.modifiedAt.toString(16)}"`;
  response.setHeader('Content-Security-Policy', filePolicy);
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Disposition', `${inline ? 'inline' : 'attachment'}; ${fileNameOf(path)}`);
  response.setHeader('Cache-Control', 'private, no-cache');
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.status(304).end();
    return;
  }
  const isCurrent = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const range = isCurrent ? parseRange(request.headers.range, file.sizeBytes) : 'whole';
  if (range === 'none') {
    response.status(416).setHeader('Content-Range', `bytes */${file.sizeBytes}`).end();
    return;
  }
  const { start, end } = range === 'whole' ? { start: 0, end: file.sizeBytes - 1 } : range;
  if (range !== 'whole') response.status(206).setHeader('Content-Range', `bytes ${start}-${end}/${file.sizeBytes}`);
  response.setHeader('Content-Length', end - start + 1);
  if (request.method === 'HEAD' || end < start) {
    response.end();
    return;
  }
  // `end` holds what was promised even when the file grows meanwhile.
  await pipeline(await file.stream({ start, end }), response);
}

function fileNameOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const plain = name.replace(/[^\w.+-]/g, '_');
  const encoded = encodeURIComponent(name).replace(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return `filename="${plain}"; filename*=UTF-8''${encoded}`;
}
