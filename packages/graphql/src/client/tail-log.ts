import type { Connection } from './connect.ts';
import { ApiError } from './errors.ts';
import {
  LogTailDocument,
  ReadFileDocument,
  type ChunkFieldsFragment,
  type LogTailSubscription,
} from './generated/graphql.ts';
import type { StreamOptions } from './stream.ts';

/** A piece of a file as text, cut at whole characters. Offsets are bytes. */
export type FileChunk = ChunkFieldsFragment;

/**
 * Follows a log of an execution from a byte offset: what is there, then what is added, until the execution has ended and everything was sent.
 * Goes on where it was after a broken connection.
 */
export async function* tailLog(
  server: Connection,
  file: { readonly executionId: string; readonly path: string; readonly offset?: number },
  options: Pick<StreamOptions<LogTailSubscription, unknown>, 'signal' | 'onReconnect'> = {},
): AsyncGenerator<FileChunk, void, undefined> {
  const { executionId, path, offset = 0 } = file;
  for await (const { logTail } of server.subscribe(
    LogTailDocument,
    { executionId, path, offset },
    { signal: options.signal, onReconnect: options.onReconnect },
  )) {
    yield logTail;
    if (logTail.end) return;
  }
}

/**
 * Reads a part of a file of an execution's results.
 *
 * @throws ApiError with code `AT_NOT_FOUND` where there is no such execution or file
 */
export async function readFile(
  server: Connection,
  file: { readonly executionId: string; readonly path: string; readonly offset?: number; readonly length?: number },
): Promise<FileChunk> {
  const { execution } = await server.request(ReadFileDocument, file);
  if (execution === null) throw new ApiError('AT_NOT_FOUND', `There is no execution ${file.executionId}.`);
  return execution.readFile;
}
