import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTraceParent, silentLog, specFileName, type ExecutionSpec } from '@autotest/core';
import { testTrace } from '@autotest/core/node';
import { startTracing } from '@autotest/core/telemetry';
import { parseMetrics, startOtlpReceiver } from '@autotest/core/testing';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { jobTrace, traceJob } from '../src/telemetry/trace-job.ts';
import { killAndWait, Lab } from './lab.ts';

const submission = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true };
const traceParent = `00-${submission.traceId}-${submission.spanId}-01`;

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await lab.close();
});

async function receive() {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
  const tracing = await startTracing({ service: 'autotest-dispatcher', log: silentLog });
  if (!tracing) throw new Error('There is no tracing.');
  return { tracing, spans: receiver.spans };
}

/** Runs a job on one host and gives its rows when it has ended. */
async function runJob(wish: { traceParent?: string; fake?: string }) {
  const host = await lab.addHost('h1');
  await lab.startDispatcher();
  const { job } = await lab.submit({ hostIds: [host.id], ...wish });
  const [entry] = await lab.untilAll(job.id, 'finished');
  const [execution] = await lab.database.jobs.executions(job.id);
  if (!entry || !execution) throw new Error('The job has no entry or no execution.');
  const tasks = (await lab.database.jobs.tasksOf({ hostId: host.id, first: 10 })).filter(
    ({ entryId }) => entryId === entry.id,
  );
  const nodes = await lab.database.results.nodes({ executionId: execution.id });
  const spec = JSON.parse(readFileSync(join(execution.resultsDir, specFileName), 'utf8')) as ExecutionSpec;
  return { ended: { job, entry, tasks, executions: [execution], nodes }, execution, spec };
}

describe('the spans of an entry', () => {
  test('tell of queue, preparation, execution and tests, below the submission', async () => {
    const { ended, execution, spec } = await runJob({ traceParent });
    const { tracing, spans } = await receive();
    traceJob(tracing, ended);
    await tracing.close();

    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([submission.traceId]));
    const named = (name: string) => spans.find((span) => span.name === name);
    const [entry, run] = [named('entry'), named('execution')];
    expect(entry).toMatchObject({
      parentSpanId: submission.spanId,
      startedAt: ended.entry.queuedAt,
      endedAt: ended.entry.finishedAt,
      attributes: { 'autotest.job.id': ended.job.id, 'autotest.outcome': 'passed' },
    });
    expect(entry).not.toHaveProperty('error');
    for (const name of ['queue', 'verify', 'execution'])
      expect(named(name), name).toMatchObject({ parentSpanId: entry?.spanId });
    expect(named('queue')?.endedAt).toBe(ended.tasks[0]?.createdAt);
    expect(run).toMatchObject({ startedAt: execution.startedAt, endedAt: execution.endedAt });

    // What runs in the execution was told the same ids.
    const told = parseTraceParent(spec.job?.traceParent);
    expect(told).toEqual({ traceId: submission.traceId, spanId: run?.spanId, sampled: true });
    expect(named('one')).toMatchObject({
      parentSpanId: run?.spanId,
      spanId: told && testTrace(told, 'one', 1).spanId,
      attributes: { 'autotest.outcome': 'pass' },
    });
  });

  test('are the same when they are written twice', async () => {
    const { ended } = await runJob({ traceParent });
    const { tracing, spans } = await receive();
    traceJob(tracing, ended);
    traceJob(tracing, ended);
    await tracing.close();
    const half = spans.length / 2;
    expect(spans.slice(half)).toEqual(spans.slice(0, half));
  });

  test('of a job that failed say why; without a submission they make a trace of their own', async () => {
    const { ended, spec } = await runJob({ fake: 'fail' });
    expect(spec.job).not.toHaveProperty('traceParent');
    const { tracing, spans } = await receive();
    traceJob(tracing, ended);
    await tracing.close();
    const entry = spans.find(({ name }) => name === 'entry');
    expect(entry).toMatchObject({ traceId: jobTrace(ended.job).traceId, error: 'it was to fail' });
    expect(entry).not.toHaveProperty('parentSpanId');
  });

  test('of a submission that is not sampled are none, and tests are told so', async () => {
    const { ended, spec } = await runJob({ traceParent: traceParent.replace(/01$/, '00') });
    expect(spec.job?.traceParent).toMatch(/-00$/);
    const { tracing, spans } = await receive();
    traceJob(tracing, ended);
    await tracing.close();
    expect(spans).toEqual([]);
  });
});

describe('autotest-dispatcher', () => {
  test('serves metrics and health, and is not ready while it is being drained', async () => {
    const child = lab.startProcess('--metrics-port', '0');
    const url = await lab.until('the address of the metrics', async () =>
      lab.log.map((line) => /metrics and health are served url=(\S+)/.exec(line)?.[1]).find(Boolean),
    );
    const ready = async () => {
      const response = await fetch(`${url}/readyz`);
      return { status: response.status, text: await response.text() };
    };
    await lab.until('readiness', async () => (await ready()).status === 200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    const metrics = parseMetrics(await (await fetch(`${url}/metrics`)).text());
    expect(metrics.has('autotest_assignments_total')).toBe(true);
    expect(metrics.has('process_cpu_seconds_total')).toBe(true);

    const [row] = await lab.database.scheduling.dispatchers();
    await lab.database.scheduling.setDraining(row?.id ?? '', true, 'tester');
    const { status, text } = await ready();
    expect([status, text]).toEqual([503, expect.stringContaining('It is being drained')]);
    await killAndWait(child, 'SIGTERM');
    expect(child.exitCode).toBe(0);
  });

  test('logs JSON lines when it is told to, and refuses what is no port', async () => {
    const child = lab.startProcess('--log-json');
    const line = await lab.until('a line', async () => lab.log.find((text) => text.includes('dispatcher started')));
    expect(JSON.parse(line)).toMatchObject({ level: 'info', program: 'autotest-dispatcher', pid: child.pid });
    await killAndWait(child, 'SIGTERM');
    const wrong = lab.startProcess('--metrics-port', '70000');
    await new Promise((resolve) => wrong.once('exit', resolve));
    expect(wrong.exitCode).toBe(64);
  });
});
