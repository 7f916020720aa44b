import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startServer } from '../../src/index.ts';
import { startTestServer } from '../support/test-server.ts';

async function startWithWeb() {
  const first = await startTestServer();
  const webRoot = join(first.dataDir, 'web');
  await mkdir(join(webRoot, 'assets'), { recursive: true });
  await writeFile(join(webRoot, 'index.html'), '<!doctype html><title>Autotest</title>');
  await writeFile(join(webRoot, 'assets', 'index-abc.js'), 'export {}');
  await writeFile(join(webRoot, '.env'), 'SECRET=1');
  return startTestServer({ webRoot });
}

describe('the web interface', () => {
  test('is served with a page for every address of its router, and a strict policy', async () => {
    const { server } = await startWithWeb();
    for (const path of ['/', '/jobs/12', '/hosts/h1.example.org']) {
      const response = await fetch(`${server.url}${path}`, { headers: { accept: 'text/html,*/*;q=0.8' } });
      expect(await response.text()).toContain('<title>Autotest</title>');
      expect(response.headers.get('cache-control')).toBe('no-cache');
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
    }
  });

  test('has files that may be kept, since their names hold their hash', async () => {
    const { server } = await startWithWeb();
    const response = await fetch(`${server.url}/assets/index-abc.js`);
    expect(response.headers.get('cache-control')).toContain('immutable');
    expect(response.headers.get('content-type')).toContain('javascript');
    await response.text();
  });

  test('hides what is not for it', async () => {
    const { server } = await startWithWeb();
    for (const path of ['/.env', '/assets/missing.js', '/assets/../../x', '/%2e%2e/%2e%2e/etc/passwd']) {
      const response = await fetch(`${server.url}${path}`, { headers: { accept: '*/*' } });
      expect(await response.text()).not.toMatch(/SECRET|root:/);
    }
    expect((await fetch(`${server.url}/assets/missing.js`)).status).toBe(404);
    expect((await fetch(`${server.url}/`, { method: 'POST' })).status).toBe(404);
  });

  test('that is not built says so', async () => {
    const { server } = await startTestServer();
    const response = await fetch(server.url);
    expect([response.status, await response.text()]).toEqual([404, expect.stringContaining('npm run build')]);
  });
});

describe('the server', () => {
  test('says what to do when its port is taken', async () => {
    const { server, database, dataDir } = await startTestServer();
    await expect(startServer({ database, dataDir, port: server.port })).rejects.toMatchObject({
      code: 'AT_LISTEN',
      message: expect.stringContaining('in use already'),
    });
  });

  test('needs a user for a login link', async () => {
    const { server } = await startTestServer();
    await expect(server.createLoginLink()).rejects.toMatchObject({ code: 'AT_NOT_FOUND' });
    await expect(server.createLoginLink('eve')).rejects.toThrow('There is no user "eve"');
  });

  test('revokes its own tokens when it closes', async () => {
    const { database, dataDir } = await startTestServer();
    await database.users.add({ login: 'root', role: 'admin' });
    const server = await startServer({ database, dataDir, port: 0 });
    const secret = await server.createApiToken('this machine');
    await server.close();
    const { hashSecret } = await import('../../src/auth/tokens.ts');
    expect(await database.users.byTokenHash(hashSecret(secret), Date.now())).toBeUndefined();
  });

  test('masks its own faults with an id and logs them under it', async () => {
    const { database, post, token, logLines } = await startTestServer();
    const authorization = `Bearer ${await token('ada')}`;
    Object.assign(database.hosts, { byName: async () => Promise.reject(new Error('password is hunter2')) });
    const { body } = await post({ query: '{ host(name: "x") { id } }' }, { authorization });
    const fault = body.errors?.[0];
    expect(fault?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(JSON.stringify(body)).not.toMatch(/hunter2|stack/);
    const id = /Look for (\S+) in its log/.exec(fault?.message ?? '')?.[1] ?? 'none';
    expect(logLines.some((line) => line.includes(id) && line.includes('hunter2'))).toBe(true);
  });
});
