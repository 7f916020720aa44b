import { readFileSync } from 'node:fs';
import { parseMetrics } from '@autotest/core/testing';
import { describe, expect, test } from 'vitest';
import { EventsDocument, submitJob } from '../../src/client/index.ts';
import { controlSource } from '../support/control-files.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

async function read(lab: TestServer) {
  const authorization = `Bearer ${await lab.token('prometheus', 'viewer')}`;
  const response = await fetch(`${lab.server.url}/metrics`, { headers: { authorization } });
  const parsed = parseMetrics(await response.text());
  /** Samples by the values of their labels. */
  const values = (name: string) =>
    Object.fromEntries(
      (parsed.get(name)?.samples ?? []).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
    );
  return { parsed, values };
}

async function addHost({ database }: TestServer): Promise<void> {
  const host = { name: 'h1', transport: 'local', address: 'localhost', port: 0, user: 'me' } as const;
  await database.hosts.add(host, 'ada');
}

describe('/metrics of a server', () => {
  test('is for those with a token, since this address may be open to the world', async () => {
    const { server } = await startTestServer();
    const response = await fetch(`${server.url}/metrics`);
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await response.text()).not.toContain('autotest_');
    const wrong = await fetch(`${server.url}/metrics`, { headers: { authorization: 'Bearer wrong' } });
    expect(wrong.status).toBe(401);
  });

  test('counts operations by the words of the schema, and how they ended', async () => {
    const lab = await startTestServer();
    const authorization = `Bearer ${await lab.token('ada')}`;
    await lab.post({ query: 'query ByAnyName { me { login } }' }, { authorization });
    await lab.post({ query: '{ host(name: "x") { id } me { login } }' }, { authorization });
    await lab.post({ query: '{ nonsense }' }, { authorization });
    Object.assign(lab.database.hosts, { byName: async () => Promise.reject(new Error('broken')) });
    await lab.post({ query: '{ host(name: "x") { id } }' }, { authorization });
    const { values } = await read(lab);
    expect(values('autotest_api_operations_total')).toEqual({
      'query me ok': 1,
      'query several ok': 1,
      'query invalid refused': 1,
      'query host failed': 1,
    });
    expect(values('autotest_api_operation_duration_seconds')).toMatchObject({ 'query me': 1 });
    expect(values('autotest_http_requests_total')).toMatchObject({ '/graphql 200': 3, '/graphql 400': 1 });
  });

  test('counts submissions and why they are refused', async () => {
    const lab = await startTestServer();
    const ada = await lab.as('ada');
    const source = controlSource();
    await submitJob(ada, { source }).catch(() => undefined);
    await addHost(lab);
    await submitJob(ada, { source, requestId: 'one' });
    await submitJob(ada, { source, requestId: 'one' });
    expect((await read(lab)).values('autotest_jobs_submitted_total')).toEqual({
      AT_HOSTS_UNAVAILABLE: 1,
      accepted: 1,
      repeated: 1,
    });
  });

  test('follows live subscriptions from their beginning to their end', async () => {
    const lab = await startTestServer();
    await addHost(lab);
    const ada = await lab.as('ada');
    const stream = ada.subscribe(EventsDocument, { after: '0' });
    await stream.next();
    const during = (await read(lab)).values;
    expect(during('autotest_api_connections')).toEqual({ '': 1 });
    expect(during('autotest_api_live_operations')).toEqual({ '': 1 });
    expect(during('autotest_api_event_readers')).toEqual({ '': 1 });
    expect(during('autotest_api_operations_total')).toMatchObject({ 'subscription events ok': 1 });

    await submitJob(ada, { source: controlSource() });
    await stream.next();
    const { values } = await read(lab);
    expect(values('autotest_api_messages_total').events).toBeGreaterThan(0);
    expect(Object.values(values('autotest_api_event_delay_seconds')).at(-1)).toBeGreaterThan(0);

    await stream.return();
    await ada.close();
    await expect.poll(async () => (await read(lab)).values('autotest_api_connections')).toEqual({ '': 0 });
    expect((await read(lab)).values('autotest_api_live_operations')).toEqual({ '': 0 });
  });

  test('has only names that stand in the guide', async () => {
    const guide = readFileSync(new URL('../../../../docs/guides/operating.md', import.meta.url), 'utf8');
    const names = [...(await read(await startTestServer())).parsed.keys()];
    expect(names.length).toBeGreaterThanOrEqual(10);
    for (const name of names) expect(guide).toContain(`\`${name}\``);
  });
});
