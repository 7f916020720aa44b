import type { EntryRow, ExecutionRow, JobRow, ResultNodeRow, TaskRow } from '@autotest/core/db';
import type { PastSpan, Tracing } from '@autotest/core/telemetry';
import { expect, test } from 'vitest';
import { jobTrace, traceJob, type EndedEntry } from '../../src/telemetry/trace-job.ts';

const job = { id: 7, name: 'disk', owner: 'ada', createdAt: 1000 } as JobRow;
const entry = { id: 70, jobId: 7, attempt: 1, queuedAt: 1000, finishedAt: 9000, outcome: 'passed' } as EntryRow;

function execution(id: number, more: Partial<ExecutionRow> = {}): ExecutionRow {
  const times = { createdAt: 3000, startedAt: 3100, endedAt: 8000 };
  return {
    id,
    purpose: 'job',
    attempt: 1,
    tag: '7-ada/h1',
    dispatcherId: 'd',
    exitClass: 'clean',
    ...times,
    ...more,
  } as ExecutionRow;
}

function node(path: string, more: Partial<ResultNodeRow> = {}): ResultNodeRow {
  const times = { startedAt: 4000, endedAt: 5000 };
  return {
    id: 1,
    executionId: 1,
    path,
    name: path,
    node: 'test',
    attempt: 1,
    outcome: 'pass',
    ...times,
    ...more,
  } as ResultNodeRow;
}

/** The spans that are written for an entry. */
function spansOf(ended: Partial<EndedEntry>): PastSpan[] {
  const spans: PastSpan[] = [];
  const tracing: Pick<Tracing, 'write'> = { write: (span) => void spans.push(span) };
  traceJob(tracing, { job, entry, tasks: [], executions: [], ...ended });
  return spans;
}

const named = (spans: readonly PastSpan[], name: string) => spans.filter((span) => span.name === name);

test('an entry that ended in the queue was there until its end, and says why', () => {
  const cause = { code: 'AT_ABORTED', message: 'bob aborted it' };
  const spans = spansOf({ entry: { ...entry, outcome: 'aborted', cause } });
  expect(spans).toMatchObject([
    {
      name: 'entry',
      startedAt: 1000,
      endedAt: 9000,
      error: 'bob aborted it',
      attributes: { 'autotest.cause': 'AT_ABORTED' },
    },
    { name: 'queue', startedAt: 1000, endedAt: 9000 },
  ]);
});

test('each attempt has a span of its own, and so has what a lost one left to be gathered', () => {
  const lost = execution(1, { exitClass: 'lost', cause: { code: 'AT_AUTOSERV_LOST', message: 'it was killed' } });
  const spans = spansOf({ executions: [lost, execution(2, { purpose: 'gather' }), execution(3, { attempt: 2 })] });
  expect(named(spans, 'execution')).toMatchObject([{ error: 'it was killed' }, { error: undefined }]);
  expect(named(spans, 'gather')).toHaveLength(1);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
});

test('special tasks tell of their failure, and one that never ended lasts as long as the entry', () => {
  const task = { id: 5, hostId: 3, kind: 'verify', createdAt: 2000 } as TaskRow;
  const failed = {
    ...task,
    startedAt: 2100,
    finishedAt: 2500,
    outcome: 'failed',
    cause: { code: 'X', message: 'no disk' },
  } as const;
  const spans = spansOf({ tasks: [failed, { ...task, id: 6, kind: 'repair' }] });
  expect(named(spans, 'verify')).toMatchObject([{ startedAt: 2100, endedAt: 2500, error: 'no disk' }]);
  expect(named(spans, 'repair')).toMatchObject([{ startedAt: 2000, endedAt: 9000, error: 'it did not end' }]);
  expect(named(spans, 'queue')).toMatchObject([{ endedAt: 2000 }]);
});

test('tests that ended have spans, each attempt one; groups, and what never ended, have none', () => {
  const spans = spansOf({
    executions: [execution(1)],
    nodes: [
      node('a', { outcome: 'abort', reason: 'rebooted' }),
      node('a', { attempt: 2 }),
      node('b', { node: 'command', outcome: 'skip' }),
      node('g', { node: 'group' }),
      node('c', { endedAt: undefined }),
      node('other', { executionId: 9 }),
    ],
  });
  const [run] = named(spans, 'execution');
  expect(named(spans, 'a')).toMatchObject([{ error: 'rebooted' }, { error: undefined }]);
  expect(named(spans, 'a')[0]?.spanId).not.toBe(named(spans, 'a')[1]?.spanId);
  expect(named(spans, 'b')).toMatchObject([{ parentSpanId: run?.spanId, error: undefined }]);
  expect(spans.map(({ name }) => name)).toEqual(['entry', 'queue', 'execution', 'a', 'a', 'b']);
});

test('thousands of tests have 500 spans', () => {
  const nodes = Array.from({ length: 2000 }, (_, index) => node(`t${index}`));
  expect(spansOf({ executions: [execution(1)], nodes }).filter(({ name }) => /^t\d/.test(name))).toHaveLength(500);
});

test('a job without a submission to hang from has a trace that is the same whoever asks', () => {
  expect(jobTrace(job)).toEqual(jobTrace({ ...job }));
  expect(jobTrace(job).traceId).not.toBe(jobTrace({ ...job, id: 8 }).traceId);
  expect(spansOf({})[0]).toMatchObject({ traceId: jobTrace(job).traceId, parentSpanId: undefined });
});
