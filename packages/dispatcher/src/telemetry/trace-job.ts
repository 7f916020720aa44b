import { parseTraceParent, type TraceContext } from '@autotest/core';
import type { EntryRow, ExecutionRow, JobRow, ResultNodeRow, TaskRow } from '@autotest/core/db';
import { executionTrace, spanIdOf, testTrace, traceIdOf } from '@autotest/core/node';
import type { Tracing } from '@autotest/core/telemetry';

/** What is known of an entry when it is finished. */
export interface EndedEntry {
  readonly job: JobRow;
  readonly entry: EntryRow;
  /** Special tasks made for the entry. */
  readonly tasks: readonly TaskRow[];
  /** Of the entry, all attempts, those of its special tasks left out. An execution of several entries is told of with one of them. */
  readonly executions: readonly ExecutionRow[];
  /** Result nodes of these executions. */
  readonly nodes?: readonly ResultNodeRow[];
}

/** A job's tests may be thousands; a trace of that many spans shows nothing any more. */
const maxTests = 500;

/**
 * Writes the spans of an entry that is finished: `entry` from queue to verdict, with `queue`, a span for each special task, `execution` and its tests below it.
 *
 * They are made from rows, so it does not matter which dispatcher did what and how often it was started anew; all ids are made of what the spans are about, so
 * writing them twice gives the same spans. The parent is the submission, where its trace is known.
 */
export function traceJob(
  tracing: Pick<Tracing, 'write'>,
  { job, entry, tasks, executions, nodes = [] }: EndedEntry,
): void {
  const submission = parseTraceParent(job.traceParent);
  const trace = jobTrace(job);
  const endedAt = entry.finishedAt ?? entry.queuedAt;
  const own: TraceContext = { ...trace, spanId: spanIdOf(trace.traceId, 'entry', entry.id) };
  const below = (kind: string, id: number): Below => ({
    ...own,
    spanId: spanIdOf(trace.traceId, kind, id),
    parentSpanId: own.spanId,
  });
  tracing.write({
    ...own,
    parentSpanId: submission?.spanId,
    name: 'entry',
    startedAt: entry.queuedAt,
    endedAt,
    attributes: {
      'autotest.job.id': job.id,
      'autotest.job.name': job.name,
      'autotest.job.owner': job.owner,
      'autotest.entry.id': entry.id,
      'autotest.entry.attempt': entry.attempt,
      'autotest.host.id': entry.hostId,
      'autotest.outcome': entry.outcome,
      'autotest.cause': entry.cause?.code,
    },
    error: entry.outcome === 'passed' ? undefined : (entry.cause?.message ?? entry.outcome),
  });
  const begins = [...tasks, ...executions].map(({ createdAt }) => createdAt);
  tracing.write({
    ...below('queue', entry.id),
    name: 'queue',
    startedAt: entry.queuedAt,
    endedAt: Math.min(endedAt, ...begins),
  });
  for (const task of tasks)
    tracing.write({
      ...below('task', task.id),
      name: task.kind,
      startedAt: task.startedAt ?? task.createdAt,
      endedAt: task.finishedAt ?? endedAt,
      attributes: { 'autotest.task.id': task.id, 'autotest.host.id': task.hostId, 'autotest.outcome': task.outcome },
      error: task.outcome === 'passed' ? undefined : (task.cause?.message ?? task.outcome ?? 'it did not end'),
    });
  for (const execution of executions) traceExecution(tracing, execution, own, endedAt);
  traceTests(tracing, trace, executions, nodes);
}

/**
 * Where the executions of a job stand in its trace. A job that was submitted without one has one of its own, the same whoever asks.
 */
export function jobTrace(job: Pick<JobRow, 'id' | 'createdAt' | 'traceParent'>): TraceContext {
  const words = ['job', job.id, job.createdAt] as const;
  return (
    parseTraceParent(job.traceParent) ?? { traceId: traceIdOf(...words), spanId: spanIdOf(...words), sampled: true }
  );
}

type Below = TraceContext & { readonly parentSpanId: string };

function traceExecution(
  tracing: Pick<Tracing, 'write'>,
  execution: ExecutionRow,
  entry: TraceContext,
  entryEndedAt: number,
): void {
  const { purpose, exitClass } = execution;
  tracing.write({
    ...executionTrace(entry, execution.id),
    parentSpanId: entry.spanId,
    name: purpose === 'job' ? 'execution' : purpose,
    startedAt: execution.startedAt ?? execution.createdAt,
    endedAt: execution.endedAt ?? entryEndedAt,
    attributes: {
      'autotest.execution.id': execution.id,
      'autotest.execution.tag': execution.tag,
      'autotest.execution.attempt': execution.attempt,
      'autotest.dispatcher.id': execution.dispatcherId,
      'autotest.exit_class': exitClass,
      'autotest.cause': execution.cause?.code,
    },
    error: exitClass === 'clean' ? undefined : (execution.cause?.message ?? exitClass ?? 'it did not end'),
  });
}

/** Tests and commands with an end; the client hands the same ids to what runs in them. */
function traceTests(
  tracing: Pick<Tracing, 'write'>,
  trace: TraceContext,
  executions: readonly ExecutionRow[],
  nodes: readonly ResultNodeRow[],
): void {
  const parents = new Map(executions.map(({ id }) => [id, executionTrace(trace, id)]));
  const tests = nodes.filter(({ node }) => node === 'test' || node === 'command');
  for (const test of tests.slice(0, maxTests)) {
    const parent = parents.get(test.executionId);
    if (!parent || test.startedAt === undefined || test.endedAt === undefined) continue;
    const isBad = test.outcome !== 'pass' && test.outcome !== 'warn' && test.outcome !== 'skip';
    tracing.write({
      ...testTrace(parent, test.path, test.attempt),
      parentSpanId: parent.spanId,
      name: test.name,
      startedAt: test.startedAt,
      endedAt: test.endedAt,
      attributes: {
        'autotest.test.path': test.path,
        'autotest.test.attempt': test.attempt,
        'autotest.host.name': test.host,
        'autotest.outcome': test.outcome,
      },
      error: isBad ? (test.reason ?? test.outcome) : undefined,
    });
  }
}
