import { createHash } from 'node:crypto';
import type { TraceContext } from '../execution/trace-context.ts';

/**
 * Ids of spans that more than one process has to know without asking another: made of what the span is about.
 *
 * The span of an execution is what its tests hang from; it is named when the execution starts and written when it has ended, perhaps by another
 * dispatcher. The span of a test is named by the client and written by the dispatcher.
 */
export function executionTrace(parent: TraceContext, executionId: number): TraceContext {
  return { ...parent, spanId: spanIdOf(parent.traceId, 'execution', executionId) };
}

/**
 * @param execution of the execution
 * @param path of the test's node in the execution's results
 * @param attempt from 1
 */
export function testTrace(execution: TraceContext, path: string, attempt: number): TraceContext {
  return { ...execution, spanId: spanIdOf(execution.traceId, execution.spanId, 'test', path, attempt) };
}

/** 16 hexadecimal digits for these words, always the same. */
export function spanIdOf(...words: readonly (string | number)[]): string {
  return idOf(words, 16);
}

/** 32 hexadecimal digits for these words, always the same. */
export function traceIdOf(...words: readonly (string | number)[]): string {
  return idOf(words, 32);
}

function idOf(words: readonly (string | number)[], length: number): string {
  return createHash('sha256').update(words.join('\0')).digest('hex').slice(0, length);
}
