import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { startTcpProxy } from '@autotest/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createFirstAdmin, startServer } from '../../src/index.ts';
import {
  connect,
  EventsDocument,
  ExecutionDocument,
  ExecutionFilesDocument,
  HostDocument,
  JobDocument,
  JobsDocument,
  MeDocument,
  readFile,
  submitJob,
  tailLog,
  TestHistoryDocument,
  watchJob,
} from '../../src/client/index.ts';
import { hashSecret } from '../../src/auth/tokens.ts';
import { controlSource } from '../support/control-files.ts';
import { endExecution, ingest, makeExecution } from '../support/executions.ts';
import { startTestServer } from '../support/test-server.ts';

describe('watchJob', () => {
  test('shows the job as it is, then every step, and ends with it', async () => {
    const { database, as } = await startTestServer();
    await database.hosts.add({ name: 'h1', transport: 'ssh', address: 'h1', port: 22, user: 'root' }, 'test');
    const api = await as('ada', 'user');
    const { job } = await submitJob(api, { source: controlSource(), hosts: ['h1'] });
    const steps: string[] = [];
    const watching = (async () => {
      for await (const { event, view } of watchJob(api, job.id)) {
        steps.push(
          `${event?.kind ?? 'snapshot'} ${view.job.state} ${view.entries[0]?.state} ${view.entries[0]?.host?.name}`,
        );
        if (event !== undefined) continue;
        const [entry] = await database.jobs.entries(1);
        if (entry)
          await database.scheduling.write((w) =>
            w.moveEntry(entry, 'give_up', {
              outcome: 'error',
              cause: { code: 'AT_HOST_UNREACHABLE', message: 'h1 is away.' },
            }),
          );
      }
    })();
    await watching;
    expect(steps[0]).toBe('snapshot queued queued h1');
    expect(steps.at(-1)).toBe('job.finished finished finished h1');
  });

  test('of a job that is over ends at once, and of none says so', async () => {
    const { as } = await startTestServer();
    await expect(watchJob(await as('ada'), '99').next()).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
  });

  test('brings results with their metrics', async () => {
    const { database, dataDir, as } = await startTestServer();
    const api = await as('ada');
    const execution = await makeExecution(database, dataDir);
    const watch = watchJob(api, String(execution.jobId));
    await watch.next();
    await ingest(database, execution.id, [
      { kind: 'node.start', scope: ['sleep'], node: 'test', name: 'sleep', host: 'h1' },
      { kind: 'metric', scope: ['sleep'], metric: { name: 'speed', value: 3, unit: 'MB/s', direction: 'higher' } },
      { kind: 'node.end', scope: ['sleep'], outcome: 'fail', reason: 'too slow' },
    ]);
    for await (const { view } of watch) {
      const [result] = [...view.results.values()];
      if (!result || result.outcome === null) continue;
      expect(result).toMatchObject({
        name: 'sleep',
        node: 'test',
        outcome: 'fail',
        reason: 'too slow',
        metrics: [{ name: 'speed', value: 3, unit: 'MB/s', direction: 'higher' }],
      });
      break;
    }
    expect((await api.request(JobDocument, { id: String(execution.jobId) })).job?.counts).toMatchObject({
      total: 1,
      fail: 1,
      running: 0,
    });
    expect((await api.request(TestHistoryDocument, { testName: 'sleep' })).testHistory).toMatchObject([
      { name: 'sleep', host: 'h1' },
    ]);
    expect((await api.request(JobsDocument, { nameContains: 'HELL' })).jobs.edges).toHaveLength(1);
  });
});

describe('a subscription', () => {
  test('survives broken connections: every event once, in order', async () => {
    const { server, database, token } = await startTestServer();
    const proxy = await startTcpProxy({ address: '127.0.0.1', port: server.port });
    const api = connect({ url: `http://127.0.0.1:${proxy.port}`, token: await token('ada') });
    onTestFinished(async () => {
      await api.close();
      await proxy.close();
    });
    const ids: number[] = [];
    let breaks = 0;
    const stream = api.subscribe(EventsDocument, { after: '0' }, { onReconnect: () => (breaks += 1) });
    const reading = (async () => {
      for await (const { events } of stream) {
        ids.push(Number(events.id));
        if (ids.length === 60) return;
      }
    })();
    for (let n = 0; n < 60; n++) {
      await database.events.append({ kind: 'dispatcher.changed', data: { n } });
      if (n % 20 === 10) {
        await expect.poll(() => ids.length, { timeout: 10_000 }).toBe(n + 1);
        proxy.cut();
        proxy.restore();
      }
    }
    await reading;
    expect(ids).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
    expect(breaks).toBeGreaterThanOrEqual(3);
  });

  test('survives a restart of the server', async () => {
    const { database, dataDir, token } = await startTestServer();
    const secret = await token('ada');
    const first = await startServer({ database, dataDir, port: 0 });
    const api = connect({ url: first.url, token: secret });
    const stream = api.subscribe(EventsDocument, { after: '0' });
    await database.events.append({ kind: 'dispatcher.changed', data: {} });
    expect((await stream.next()).value?.events.id).toBe('1');
    const next = stream.next();
    await first.close();
    await database.events.append({ kind: 'dispatcher.changed', data: {} });
    const second = await startServer({ database, dataDir, port: first.port });
    onTestFinished(async () => {
      await api.close();
      await second.close();
    });
    expect((await next).value?.events.id).toBe('2');
  });

  test.for(['by this server', 'by another process'])(
    'ends when its token is revoked %s',
    { timeout: 20_000 },
    async (by) => {
      const server = await startTestServer();
      const secret = await server.token('ada', 'user', 'session', Date.now() + 3_600_000);
      const api = connect({ url: server.server.url, token: secret });
      onTestFinished(() => api.close());
      const stream = api.subscribe(EventsDocument, { after: '0' });
      await server.database.events.append({ kind: 'dispatcher.changed', data: {} });
      await stream.next();
      const next = expect(stream.next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      if (by === 'by this server')
        await server.post({ query: 'mutation { logout }' }, { authorization: `Bearer ${secret}` });
      else {
        const found = await server.database.users.byTokenHash(hashSecret(secret), Date.now());
        await server.database.users.revokeToken(found?.token.id ?? 0);
      }
      await next;
    },
  );

  test('is refused in words, and the connection goes on', async () => {
    const { as } = await startTestServer();
    const api = await as('ada');
    await expect(api.subscribe(EventsDocument, { after: 'nonsense' }).next()).rejects.toMatchObject({
      code: 'AT_INPUT_INVALID',
    });
    await expect(tailLog(api, { executionId: '9', path: 'x' }).next()).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    expect((await api.request(MeDocument)).me.login).toBe('ada');
  });

  test('ends quietly by its signal, and loudly when the connection is closed', async () => {
    const { as } = await startTestServer();
    const api = await as('ada');
    const leaving = new AbortController();
    const left = api.subscribe(EventsDocument, {}, { signal: leaving.signal }).next();
    const closed = expect(api.subscribe(EventsDocument, {}).next()).rejects.toMatchObject({
      code: 'AT_CONNECTION_CLOSED',
    });
    leaving.abort();
    expect((await left).done).toBe(true);
    await api.close();
    await closed;
  });
});

describe('tailLog', () => {
  test('follows a log to the end of its execution, over a broken connection', async () => {
    const { server, database, dataDir, token } = await startTestServer();
    const execution = await makeExecution(database, dataDir);
    const proxy = await startTcpProxy({ address: '127.0.0.1', port: server.port });
    const api = connect({ url: `http://127.0.0.1:${proxy.port}`, token: await token('ada', 'viewer') });
    onTestFinished(async () => {
      await api.close();
      await proxy.close();
    });
    const path = 'debug/client.h1.log';
    const file = join(execution.resultsDir, path);
    let text = '';
    const reading = (async () => {
      for await (const chunk of tailLog(api, { executionId: String(execution.id), path })) text += chunk.text;
    })();
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'äöü one\n');
    await expect.poll(() => text, { timeout: 10_000 }).toBe('äöü one\n');
    proxy.cut();
    proxy.restore();
    await appendFile(file, 'two 😀\n');
    await expect.poll(() => text, { timeout: 10_000 }).toBe('äöü one\ntwo 😀\n');
    await appendFile(file, 'three\n');
    await endExecution(database, execution.id);
    await reading;
    expect(text).toBe('äöü one\ntwo 😀\nthree\n');
  });

  test('does not leave the results directory', async () => {
    const { database, dataDir, as } = await startTestServer();
    const execution = await makeExecution(database, dataDir);
    const api = await as('ada');
    for (const path of ['../x', '/etc/passwd', 'a\0'])
      await expect(tailLog(api, { executionId: String(execution.id), path }).next()).rejects.toMatchObject({
        code: 'AT_INPUT_INVALID',
      });
  });
});

describe('results of an execution', () => {
  test('are listed, with the logs that people read first, and read in parts', async () => {
    const { database, dataDir, as } = await startTestServer();
    const execution = await makeExecution(database, dataDir, {
      'debug/client.h1.log': 'client',
      'debug/autoserv.log': 'autoserv',
      'status.log': 'START\n',
      'sleep/debug/output.log': 'zzz',
      'sleep/results.json': '{}',
      'sleep/ä b#.log': 'x',
    });
    const api = await as('ada', 'viewer');
    const id = String(execution.id);
    const { execution: found } = await api.request(ExecutionDocument, { id });
    expect(found?.logs.map(({ path }) => path)).toEqual([
      'debug/client.h1.log',
      'debug/autoserv.log',
      'status.log',
      'sleep/debug/output.log',
      'sleep/ä b#.log',
    ]);
    expect(found?.logs[4]?.url).toBe(`/results/${id}/sleep/%C3%A4%20b%23.log`);
    const { execution: below } = await api.request(ExecutionFilesDocument, { id, under: 'sleep', first: 2 });
    expect(below?.files.map(({ path, size }) => [path, size])).toEqual([
      ['sleep/debug/output.log', 3],
      ['sleep/results.json', 2],
    ]);
    expect(await readFile(api, { executionId: id, path: 'debug/autoserv.log', offset: 4, length: 4 })).toEqual({
      path: 'debug/autoserv.log',
      offset: 4,
      nextOffset: 8,
      text: 'serv',
      end: false,
    });
    await endExecution(database, execution.id);
    expect(await readFile(api, { executionId: id, path: 'debug/autoserv.log', offset: 4 })).toMatchObject({
      end: true,
    });
    await expect(readFile(api, { executionId: id, path: '../x' })).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    await expect(readFile(api, { executionId: id, path: 'status.log', length: 2_000_000 })).rejects.toMatchObject({
      code: 'AT_INPUT_INVALID',
    });
    await expect(readFile(api, { executionId: '77', path: 'status.log' })).rejects.toMatchObject({
      code: 'AT_NOT_FOUND',
    });
  });
});

describe('a server that is not there', () => {
  test('is told as such', async () => {
    const { server, token } = await startTestServer();
    const api = connect({ url: 'http://127.0.0.1:1', token: await token('ada') });
    await expect(api.request(MeDocument)).rejects.toMatchObject({
      code: 'AT_SERVER_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    });
    const wrong = connect({ url: `${server.url}/somewhere/` });
    await expect(wrong.request(MeDocument)).rejects.toMatchObject({ code: 'AT_SERVER_UNREACHABLE' });
  });

  test('is not taken for one that answers something else', async () => {
    const http = createServer((_request, response) => response.end('<html>')).listen(0, '127.0.0.1');
    await once(http, 'listening');
    onTestFinished(() => void http.close());
    const address = http.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await expect(
      connect({ url: `http://127.0.0.1:${port}` }).request(HostDocument, { name: 'x' }),
    ).rejects.toMatchObject({ code: 'AT_SERVER_UNREACHABLE' });
  });

  test('is not asked without a token', async () => {
    const { server, database } = await startTestServer();
    await createFirstAdmin(database, 'ada');
    await expect(connect({ url: server.url }).request(MeDocument)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
