import type { JsonValue } from '@autotest/core';
import type { ExecutionRow, ResultNodeRow } from '@autotest/core/db';
import { resultsLimits, type ListedFile } from '@autotest/core/node';
import { Arg, Ctx, FieldResolver, ID, Int, Query, Resolver, Root, Subscription } from 'type-graphql';
import { principalOf, type ApiContext } from '../context.ts';
import { ArgumentError, MissingError } from '../errors.ts';
import { isOver } from '../files/is-over.ts';
import { selectLogs } from '../files/logs.ts';
import { toChunk, type FileChunk } from '../files/read-chunk.ts';
import { tailExecutionLog } from '../files/tail-execution-log.ts';
import { fileUrl } from '../files/url.ts';
import { maxNodes } from '../loaders.ts';
import { checkFirst, given, rowId } from '../schema/arguments.ts';
import { BigIntScalar, JsonScalar } from '../schema/scalars.ts';
import { TestResultType } from '../results/result.type.ts';
import { ExecutionType, LogChunkType, ResultFileType } from './execution.type.ts';

const maxReadBytes = resultsLimits.lengthBytes;

@Resolver(() => ExecutionType)
export class ExecutionResolver {
  @Query(() => ExecutionType, { nullable: true })
  execution(
    @Arg('id', () => ID) id: string,
    @Ctx() context: ApiContext,
  ): Promise<ExecutionRow | undefined> | undefined {
    principalOf(context);
    const executionId = rowId(id);
    return executionId === undefined ? undefined : context.loaders.execution.load(executionId);
  }

  @FieldResolver(() => [TestResultType])
  results(@Root() { id }: ExecutionRow, @Ctx() { services }: ApiContext): Promise<ResultNodeRow[]> {
    return services.database.results.nodes({ executionId: id, first: maxNodes });
  }

  @FieldResolver(() => JsonScalar)
  keyvals(@Root() { id }: ExecutionRow, @Ctx() { services }: ApiContext): Promise<JsonValue> {
    return services.database.results.keyvals(id);
  }

  @FieldResolver(() => [ResultFileType])
  async files(
    @Root() execution: ExecutionRow,
    @Ctx() { services }: ApiContext,
    @Arg('under', () => String, { nullable: true }) under: string | null | undefined,
    @Arg('first', () => Int, { nullable: true, defaultValue: 1000 }) first: number | null,
  ): Promise<ResultFileType[]> {
    const results = await services.results.of(execution);
    const found = await results.list({ first: checkFirst(first ?? 1000, resultsLimits.files), under: given(under) });
    return found.map((file) => withUrl(execution.id, file));
  }

  @FieldResolver(() => [ResultFileType])
  async logs(@Root() execution: ExecutionRow, @Ctx() { services }: ApiContext): Promise<ResultFileType[]> {
    const results = await services.results.of(execution);
    const files = await results.list({ first: resultsLimits.files });
    return selectLogs(files).map((file) => withUrl(execution.id, file));
  }

  @FieldResolver(() => LogChunkType)
  async readFile(
    @Root() execution: ExecutionRow,
    @Ctx() { services }: ApiContext,
    @Arg('path', () => String) path: string,
    @Arg('offset', () => BigIntScalar, { nullable: true, defaultValue: 0 }) offset: number | null,
    @Arg('length', () => Int, { nullable: true, defaultValue: 65_536 }) length: number | null,
  ): Promise<FileChunk> {
    const lengthBytes = length ?? 65_536;
    if (lengthBytes < 4 || lengthBytes > maxReadBytes)
      throw new ArgumentError('length', `is ${lengthBytes}; give a number of bytes from 4 to ${maxReadBytes}.`);
    const from = offset ?? 0;
    const results = await services.results.of(execution);
    const found = await results.read(path, from, lengthBytes);
    if (found === undefined) throw new MissingError('file', path);
    return toChunk(path, from, found, isOver(execution));
  }

  @Subscription(() => LogChunkType, {
    description:
      'Bytes of a log from an offset, first what is there, then what is added; ends when the execution is finished and everything was sent.',
    subscribe: ({ args, context }: { args: LogTailArguments; context: ApiContext }) => tailExecutionLog(context, args),
  })
  logTail(
    @Root() chunk: FileChunk,
    @Arg('executionId', () => ID) _executionId: string,
    @Arg('path', () => String) _path: string,
    @Arg('offset', () => BigIntScalar, { nullable: true, defaultValue: 0 }) _offset: number | null,
  ): FileChunk {
    return chunk;
  }
}

function withUrl(id: number, { path, size, modifiedAt }: ListedFile): ResultFileType {
  return { path, size, modifiedAt, url: fileUrl(id, path) };
}

interface LogTailArguments {
  readonly executionId: string;
  readonly path: string;
  readonly offset?: number | null;
}
