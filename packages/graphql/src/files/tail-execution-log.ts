import { cancellable } from '../events/cancellable.ts';
import { principalOf, type ApiContext } from '../context.ts';
import { ArgumentError, MissingError } from '../errors.ts';
import { PathEscapeError } from '@autotest/core';
import { confinePath } from '@autotest/core/node';
import { rowId } from '../schema/arguments.ts';
import { isOver } from './is-over.ts';
import type { FileChunk } from './read-chunk.ts';
import { tailLog } from './tail-log.ts';

/** How long an answer of the database about an execution's state is believed. */
const stateMs = 1000;

/**
 * Follows a log of an execution until the execution is over.
 *
 * @throws MissingError ArgumentError
 */
export async function tailExecutionLog(
  context: ApiContext,
  args: { readonly executionId: string; readonly path: string; readonly offset?: number | null },
): Promise<AsyncGenerator<FileChunk, void, undefined>> {
  principalOf(context);
  const { database, closing } = context.services;
  const id = rowId(args.executionId);
  const execution = id === undefined ? undefined : await database.jobs.executionById(id);
  if (execution === undefined) throw new MissingError('execution', args.executionId);
  checkPath(execution.resultsDir, args.path);
  const results = await context.services.results.of(execution);
  let over = isOver(execution);
  let askedAt = Date.now();
  const options = {
    results,
    path: args.path,
    offset: args.offset ?? 0,
    async isOver(): Promise<boolean> {
      if (over || Date.now() - askedAt < stateMs) return over;
      askedAt = Date.now();
      const now = await database.jobs.executionById(execution.id);
      over = now === undefined || isOver(now);
      return over;
    },
  };
  return cancellable(closing, (signal) => tailLog({ ...options, signal }));
}

function checkPath(root: string, path: string): void {
  try {
    confinePath(root, path);
  } catch (error) {
    if (!(error instanceof PathEscapeError)) throw error;
    throw new ArgumentError('path', 'must be relative and stay inside of the results directory.');
  }
}
