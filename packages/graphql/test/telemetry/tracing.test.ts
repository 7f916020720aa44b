import { parseTraceParent, silentLog } from '@autotest/core';
import { startTracing } from '@autotest/core/telemetry';
import { startOtlpReceiver } from '@autotest/core/testing';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { controlSource } from '../support/control-files.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const outer = parseTraceParent(traceparent);

afterEach(() => vi.unstubAllEnvs());

async function startTraced() {
  const receiver = await startOtlpReceiver();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
  const tracing = await startTracing({ service: 'autotest-server', log: silentLog });
  onTestFinished(() => receiver.close());
  const lab = await startTestServer({ tracing });
  return { lab, spans: receiver.spans, flush: () => tracing?.close() };
}

/** Submits a job; gives its row. */
async function submit(lab: TestServer, headers: Record<string, string> = {}, source = controlSource()) {
  const host = { name: 'h1', transport: 'local', address: 'localhost', port: 0, user: 'me' } as const;
  if (!(await lab.database.hosts.byName('h1'))) await lab.database.hosts.add(host, 'ada');
  const authorization = `Bearer ${await lab.token('ada')}`;
  const query = `mutation Submit($source: String) { submitJob(input: { source: $source }) {
    ... on SubmitJobSuccess { job { id } } } }`;
  await lab.post({ query, variables: { source } }, { authorization, ...headers });
  return (await lab.database.jobs.list({ first: 1 }))[0];
}

describe('a submission', () => {
  test('has a span below the trace of whoever asked, and the job keeps where', async () => {
    const { lab, spans, flush } = await startTraced();
    const job = await submit(lab, { traceparent });
    await flush();
    expect(spans).toHaveLength(1);
    expect(spans[0]).toMatchObject({
      service: 'autotest-server',
      name: 'mutation submitJob',
      traceId: outer?.traceId,
      parentSpanId: outer?.spanId,
      attributes: {
        'graphql.operation.type': 'mutation',
        'graphql.operation.name': 'Submit',
        'enduser.id': 'ada',
        'autotest.job.id': job?.id,
      },
    });
    expect(parseTraceParent(job?.traceParent)).toEqual({
      traceId: outer?.traceId,
      spanId: spans[0]?.spanId,
      sampled: true,
    });
  });

  test('begins a trace where nobody has one', async () => {
    const { lab, spans, flush } = await startTraced();
    const job = await submit(lab);
    await flush();
    expect(spans[0]).not.toHaveProperty('parentSpanId');
    expect(parseTraceParent(job?.traceParent)).toMatchObject({ traceId: spans[0]?.traceId, spanId: spans[0]?.spanId });
  });

  test('that is refused says so in its span', async () => {
    const { lab, spans, flush } = await startTraced();
    await submit(lab, {}, 'no control file');
    await flush();
    expect(spans).toMatchObject([{ attributes: { 'autotest.refused': 'AT_CONTROL_INVALID' } }]);
  });

  test('keeps the trace of whoever asked though this server sends no spans', async () => {
    const lab = await startTestServer();
    expect(await submit(lab, { traceparent })).toMatchObject({ traceParent: traceparent });
  });

  test('has no trace where nobody has one, or what was sent is none', async () => {
    const lab = await startTestServer();
    expect(await submit(lab)).not.toHaveProperty('traceParent');
    expect(await submit(lab, { traceparent: 'garbage' })).not.toHaveProperty('traceParent');
  });
});

test('what pages ask again and again has no span, unless it comes with a trace', async () => {
  const { lab, spans, flush } = await startTraced();
  const authorization = `Bearer ${await lab.token('ada')}`;
  await lab.post({ query: '{ me { login } }' }, { authorization });
  await lab.post({ query: '{ me { login } }' }, { authorization, traceparent });
  await flush();
  expect(spans).toMatchObject([{ name: 'query me', parentSpanId: outer?.spanId }]);
});
