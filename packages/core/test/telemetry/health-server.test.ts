import { createMetrics, HealthChecks, startHealthServer, type HealthCheck } from '@autotest/core/telemetry';
import { parseMetrics } from '@autotest/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';

async function serve(...added: HealthCheck[]) {
  const checks = new HealthChecks();
  checks.add(...added);
  const server = await startHealthServer({ port: 0, checks, metrics: createMetrics({ process: true }) });
  onTestFinished(() => server.close());
  const get = async (path: string) => {
    const response = await fetch(server.url + path);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  const json = async (path: string) => {
    const { status, text } = await get(path);
    return [status, JSON.parse(text)] as [number, Record<string, unknown>];
  };
  return { server, checks, get, json };
}

const hangs: HealthCheck = { name: 'database', timeoutMs: 50, run: () => new Promise(() => undefined) };

describe('/readyz', () => {
  it('lists each check with how it is and since when', async () => {
    const { json } = await serve(
      { name: 'database', run: async () => 'SQLite' },
      { name: 'disk', run: () => undefined },
    );
    const since = expect.stringMatching(/^\d{4}-/);
    expect(await json('/readyz')).toEqual([
      200,
      {
        status: 'ok',
        checks: [
          { name: 'database', ok: true, since, message: 'SQLite' },
          { name: 'disk', ok: true, since },
        ],
      },
    ]);
  });

  it('is 503 and says why when one fails, without its secrets', async () => {
    const { json } = await serve(
      { name: 'disk', run: () => undefined },
      { name: 'database', run: async () => Promise.reject(new Error('mysql://root:hunter2@db does not answer')) },
    );
    const [status, body] = await json('/readyz');
    expect(status).toBe(503);
    expect(body).toMatchObject({
      status: 'failing',
      checks: [{ ok: true }, { ok: false, message: 'mysql://root:[hidden]@db does not answer' }],
    });
  });

  it('reports a check that hangs, asks it once only, and is not held up by it', async () => {
    let asked = 0;
    const { json, get } = await serve({ ...hangs, run: () => (asked++, new Promise(() => undefined)) });
    for (let round = 0; round < 3; round++)
      expect(await json('/readyz')).toMatchObject([
        503,
        { checks: [{ name: 'database', ok: false, message: 'There was no answer within 50 ms.' }] },
      ]);
    expect(asked).toBe(1);
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/metrics')).status).toBe(200);
  });

  it('is ready again when a check that hung answers', async () => {
    const answer = Promise.withResolvers<void>();
    const { json } = await serve({ ...hangs, run: () => answer.promise });
    expect((await json('/readyz'))[0]).toBe(503);
    answer.resolve();
    await expect.poll(async () => (await json('/readyz'))[0]).toBe(200);
  });

  it('keeps the time of a failure over several questions', async () => {
    const { json } = await serve({ name: 'database', run: () => Promise.reject(new Error('gone')) });
    const [, first] = await json('/readyz');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await json('/readyz')).toEqual([503, first]);
  });

  it('is 200 and tells of a bad row that is gone around', async () => {
    const { json, checks } = await serve();
    checks.health.damage('queue', 'entry 17', 'metadata is no JSON');
    expect(await json('/readyz')).toMatchObject([200, { status: 'degraded', damage: [{ what: 'entry 17', seen: 1 }] }]);
  });
});

describe('/healthz', () => {
  it('asks nothing outside of the process', async () => {
    const { json } = await serve({ name: 'database', run: () => Promise.reject(new Error('gone')) });
    expect(await json('/healthz')).toEqual([200, { status: 'ok', checks: [] }]);
  });

  it('is 503 when a loop has stopped to turn', async () => {
    const { json, checks } = await serve();
    checks.health.beat('loop', -1);
    expect(await json('/healthz')).toMatchObject([503, { status: 'failing', checks: [{ name: 'loop', ok: false }] }]);
  });
});

describe('the server of metrics and health', () => {
  it('gives metrics that Prometheus can read', async () => {
    const { get } = await serve();
    const { status, type, text } = await get('/metrics');
    expect([status, type]).toEqual([200, expect.stringContaining('text/plain; version=0.0.4')]);
    expect(parseMetrics(text).get('process_start_time_seconds')?.type).toBe('gauge');
  });

  it('listens on loopback, answers GET alone, and knows nothing else', async () => {
    const { server, get } = await serve();
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await get('/other')).status).toBe(404);
    expect((await fetch(`${server.url}/healthz`, { method: 'POST' })).status).toBe(405);
  });

  it('says what to do when its port is taken', async () => {
    const { server } = await serve();
    const again = startHealthServer({ port: server.port, checks: new HealthChecks(), metrics: createMetrics() });
    await expect(again).rejects.toMatchObject({
      code: 'AT_LISTEN',
      message: expect.stringContaining('--metrics-port'),
    });
    const wrong = startHealthServer({ port: 123_456, checks: new HealthChecks(), metrics: createMetrics() });
    await expect(wrong).rejects.toMatchObject({ code: 'AT_LISTEN' });
  });
});
