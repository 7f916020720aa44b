import { createLog, silentLog } from '@autotest/core';
import { startTracing } from '@autotest/core/telemetry';
import { startOtlpReceiver } from '@autotest/core/testing';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true };
const past = { ...parent, spanId: 'aaaaaaaaaaaaaaaa', parentSpanId: parent.spanId, name: 'queue' };

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

async function receive(env: Record<string, string> = {}) {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url);
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const tracing = await startTracing({ service: 'autotest-dispatcher', log: silentLog });
  if (!tracing) throw new Error('There is no tracing.');
  return { tracing, spans: receiver.spans };
}

describe('spans', () => {
  it('that are over keep the ids and times that they are given', async () => {
    const { tracing, spans } = await receive();
    tracing.write({ ...past, startedAt: 1000, endedAt: 3500, attributes: { 'autotest.job.id': 7, host: undefined } });
    tracing.write({ ...past, spanId: 'bbbbbbbbbbbbbbbb', startedAt: 9, endedAt: 3, error: 'no host fits' });
    await tracing.close();
    expect(spans).toEqual([
      {
        service: 'autotest-dispatcher',
        traceId: parent.traceId,
        spanId: past.spanId,
        parentSpanId: parent.spanId,
        name: 'queue',
        startedAt: 1000,
        endedAt: 3500,
        attributes: { 'autotest.job.id': 7 },
      },
      expect.objectContaining({ spanId: 'bbbbbbbbbbbbbbbb', startedAt: 9, endedAt: 9, error: 'no host fits' }),
    ]);
  });

  it('without a parent begin a trace of the id that they are given', async () => {
    const { tracing, spans } = await receive();
    tracing.write({ ...past, parentSpanId: undefined, startedAt: 1, endedAt: 2 });
    await tracing.close();
    expect(spans).toMatchObject([{ traceId: parent.traceId, spanId: past.spanId }]);
    expect(spans[0]).not.toHaveProperty('parentSpanId');
  });

  it('of requests hang from where the request came from, or begin a trace', async () => {
    const { tracing, spans } = await receive({ OTEL_SERVICE_NAME: 'lab' });
    const below = tracing.start('mutation submitJob', { parent, attributes: { a: 1 } });
    below.set({ b: true });
    below.end();
    const alone = tracing.start('mutation submitJob', { parent: undefined });
    alone.end('it failed');
    await tracing.close();
    expect(below).toMatchObject({ traceId: parent.traceId, sampled: true });
    expect(spans).toMatchObject([
      {
        service: 'lab',
        traceId: parent.traceId,
        spanId: below.spanId,
        parentSpanId: parent.spanId,
        attributes: { a: 1, b: true },
      },
      { traceId: alone.traceId, error: 'it failed' },
    ]);
    expect(alone.traceId).not.toBe(parent.traceId);
  });

  it('go nowhere where the parent is not sampled, or the sampler says so', async () => {
    const { tracing, spans } = await receive({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' });
    tracing.write({ ...past, sampled: false, startedAt: 1, endedAt: 2 });
    const quiet = tracing.start('x', { parent: undefined });
    quiet.end();
    const refused = tracing.start('y', { parent: { ...parent, sampled: false } });
    refused.end();
    tracing.start('z', { parent }).end();
    await tracing.close();
    expect([quiet.sampled, refused.sampled]).toEqual([false, false]);
    expect(spans.map(({ name }) => name)).toEqual(['z']);
  });

  it('that cannot be sent are not waited for without end', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:1');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TIMEOUT', '200');
    const tracing = await startTracing({ service: 's', log: silentLog });
    tracing?.write({ ...past, startedAt: 1, endedAt: 2 });
    await expect(tracing?.close()).resolves.toBeUndefined();
  });
});

describe('tracing is off', () => {
  it.each<Record<string, string>>([
    {},
    { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' },
    { OTEL_SDK_DISABLED: 'true', OTEL_TRACES_EXPORTER: 'console' },
  ])('with %j', async (env) => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    expect(await startTracing({ service: 's', log: silentLog })).toBeUndefined();
  });

  it('and says so, for an exporter that there is not', async () => {
    vi.stubEnv('OTEL_TRACES_EXPORTER', 'jaeger');
    const lines: string[] = [];
    expect(await startTracing({ service: 's', log: createLog({ write: (line) => lines.push(line) }) })).toBeUndefined();
    expect(lines.join()).toContain('use otlp, console or none');
  });
});
