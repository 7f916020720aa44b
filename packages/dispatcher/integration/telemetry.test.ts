import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseTraceParent, silentLog, specFileName, type ExecutionSpec } from '@autotest/core';
import { testTrace } from '@autotest/core/node';
import { createMetrics, Health, startTracing } from '@autotest/core/telemetry';
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

describe('a dispatcher', () => {
  test('counts what it does, and writes the spans of what has ended', async () => {
    const { tracing, spans } = await receive();
    const metrics = createMetrics();
    const health = new Health();
    const host = await lab.addHost('h1');
    await lab.addHost('h2');
    const dispatcher = await lab.startDispatcher({}, 'd1', { metrics, health, tracing });
    const gate = join(lab.dataDir, 'gate');
    const good = await lab.submit({ hostIds: [host.id], traceParent, gate });
    const bad = await lab.submit({ anyHosts: 1, fake: 'fail' });
    await lab.untilAll(good.job.id, 'running');
    writeFileSync(gate, '');
    for (const { job } of [good, bad]) await lab.untilAll(job.id, 'finished');
    const value = async (name: string, labels: Record<string, string> = {}) =>
      parseMetrics(await metrics.text())
        .get(name)
        ?.samples.find((sample) => Object.entries(labels).every(([key, text]) => sample.labels[key] === text))?.value;
    await lab.until('all hosts at rest', async () => (await value('autotest_hosts', { state: 'ready' })) === 2);
    const planner = { role: 'planner' };
    expect(await value('autotest_role_held', planner)).toBe(1);
    await dispatcher.stop();
    await tracing.close();

    expect(await value('autotest_assignments_total')).toBe(2);
    expect(await value('autotest_entries_ended_total', { outcome: 'passed', cause: 'none' })).toBe(1);
    expect(await value('autotest_entries_ended_total', { outcome: 'failed' })).toBe(1);
    expect(await value('autotest_executions_ended_total', { purpose: 'job', exit_class: 'clean' })).toBe(1);
    expect(await value('autotest_tasks_ended_total', { kind: 'verify', outcome: 'passed' })).toBe(2);
    expect(await value('autotest_decisions_total', { decision: 'start', outcome: 'applied' })).toBe(2);
    expect(await value('autotest_journal_records_total')).toBeGreaterThan(0);
    expect(await value('autotest_entry_start_seconds', { le: '+Inf' })).toBeGreaterThan(0);
    expect(health.parts().every(({ ok }) => ok)).toBe(true);
    expect(health.beating().map(({ part }) => part)).toEqual(expect.arrayContaining(['loop', 'heartbeat']));
    const entry = spans.find(({ name, parentSpanId }) => name === 'entry' && parentSpanId === submission.spanId);
    expect(entry?.attributes).toMatchObject({ 'autotest.job.id': good.job.id, 'autotest.outcome': 'passed' });
    const below = spans.filter(({ parentSpanId }) => parentSpanId === entry?.spanId).map(({ name }) => name);
    expect(new Set(below)).toEqual(new Set(['queue', 'verify', 'execution']));
    expect(spans.filter(({ name }) => name === 'entry')).toHaveLength(2);
  });

  test('says what it goes around, until it is mended', async () => {
    const health = new Health();
    const host = await lab.addHost('h1');
    const raw = new DatabaseSync(join(lab.dataDir, 'autotest.db'));
    onTestFinished(() => raw.close());
    const spoil = (labels: string) => raw.prepare('update hosts set labels = ? where id = ?').run(labels, host.id);
    const told = () => health.damages().list.map(({ part, what }) => `${part}: ${what}`);
    spoil('7');
    await lab.startDispatcher({}, 'd1', { health });
    await lab.until('the damage', async () => told().length > 0);
    expect(told()).toEqual([`queue: host ${host.id}`]);
    spoil('[]');
    await lab.database.hosts.update(host.id, { draining: true }, 'tester');
    await lab.until('the repair', async () => told().length === 0);
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
