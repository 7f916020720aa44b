import { HealthChecks } from '@autotest/core/telemetry';
import { describe, expect, test } from 'vitest';
import { startServer } from '../../src/index.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

async function ask({ server }: TestServer, path: string, token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(server.url + path, { headers });
  return [response.status, await response.json()] as [number, Record<string, unknown>];
}

const since = expect.any(String);

describe('the server says whether it is well, to everybody', () => {
  test('alive, and of which version', async () => {
    const lab = await startTestServer();
    expect(await ask(lab, '/healthz')).toEqual([200, { version: expect.any(String), status: 'ok', checks: [] }]);
  });

  test('ready, when database and data can be reached', async () => {
    expect(await ask(await startTestServer(), '/readyz')).toEqual([
      200,
      {
        status: 'ok',
        checks: [
          { name: 'database', ok: true, since },
          { name: 'data directory', ok: true, since },
        ],
      },
    ]);
  });

  test('alive but not ready, when its data cannot be reached; why is told to those with a token only', async () => {
    const lab = await startTestServer({ dataDir: '/nowhere/at/all' });
    expect((await ask(lab, '/healthz'))[0]).toBe(200);
    const [status, body] = await ask(lab, '/readyz');
    expect(status).toBe(503);
    expect(JSON.stringify(body)).not.toContain('nowhere');
    const [, told] = await ask(lab, '/readyz', await lab.token('ada', 'viewer'));
    expect(JSON.stringify(told)).toContain('/nowhere/at/all');
  });

  test('not ready, when the database does not answer', async () => {
    const lab = await startTestServer();
    const token = await lab.token('ada');
    const answer = Promise.reject(new Error('mariadb://root:hunter2@db is gone'));
    answer.catch(() => undefined);
    Object.assign(lab.database.users, { count: () => answer, byTokenHash: () => answer });
    const [status, body] = await ask(lab, '/readyz', token);
    expect(status).toBe(503);
    expect(JSON.stringify(body)).not.toMatch(/hunter2|mariadb/);
  });

  test('and is not held up by a database that hangs', async () => {
    const lab = await startTestServer();
    const token = await lab.token('ada');
    const hangs = () => new Promise<never>(() => undefined);
    Object.assign(lab.database.users, { count: hangs, byTokenHash: hangs });
    const [ready, metrics] = await Promise.all([
      ask(lab, '/readyz', token),
      fetch(`${lab.server.url}/metrics`, { headers: { authorization: `Bearer ${token}` } }),
    ]);
    expect(ready).toMatchObject([503, { checks: [{ name: 'database', ok: false }, { ok: true }] }]);
    expect([metrics.status, await metrics.text()]).toEqual([503, expect.stringContaining('cannot be checked')]);
  });

  test('together with the other parts of its process', async () => {
    const checks = new HealthChecks();
    checks.add({ name: 'dispatcher', run: () => Promise.reject(new Error('draining')) });
    checks.health.damage('queue', 'entry 17', 'bad row');
    const lab = await startTestServer({ checks });
    expect(await ask(lab, '/readyz')).toMatchObject([
      503,
      { status: 'failing', checks: [{ name: 'dispatcher' }, {}, {}] },
    ]);
    expect(JSON.stringify(await ask(lab, '/readyz'))).not.toContain('entry 17');
    expect(await ask(lab, '/readyz', await lab.token('ada'))).toMatchObject([503, { damage: [{ what: 'entry 17' }] }]);
  });

  test('until it closes: the checks of the others stay', async () => {
    const checks = new HealthChecks();
    checks.add({ name: 'dispatcher', run: () => undefined });
    const { database, dataDir } = await startTestServer();
    const server = await startServer({ database, dataDir, port: 0, checks });
    expect((await checks.ready()).checks).toHaveLength(3);
    await server.close();
    expect((await checks.ready()).checks.map(({ name }) => name)).toEqual(['dispatcher']);
  });
});
