import { symlink } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeExecution } from '../support/executions.ts';
import { startTestServer } from '../support/test-server.ts';

const script = '<script>alert(1)</script>';

async function start(files: Record<string, string | Uint8Array>) {
  const { server, database, dataDir, token } = await startTestServer();
  const execution = await makeExecution(database, dataDir, files);
  const authorization = `Bearer ${await token('ada', 'viewer')}`;
  return {
    execution,
    get: (path: string, headers: Record<string, string> = {}, method = 'GET') =>
      fetch(`${server.url}/results/${execution.id}/${path}`, { method, headers: { authorization, ...headers } }),
    /** A path as it is, which `fetch` would tidy up. */
    raw: (path: string) =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const sent = request(server.url, { path, headers: { authorization } }, (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        });
        sent.on('error', reject).end();
      }),
  };
}

describe('a results file over HTTP', () => {
  test.for([
    ['debug/a.log', 'text/plain; charset=utf-8', 'inline'],
    ['results.json', 'text/plain; charset=utf-8', 'inline'],
    ['keyval', 'text/plain; charset=utf-8', 'inline'],
    ['shot.PNG', 'image/png', 'inline'],
    ['page.html', 'application/octet-stream', 'attachment'],
    ['page.xhtml', 'application/octet-stream', 'attachment'],
    ['image.svg', 'application/octet-stream', 'attachment'],
    ['doc.xml', 'application/octet-stream', 'attachment'],
    ['code.js', 'application/octet-stream', 'attachment'],
    ['book.pdf', 'application/octet-stream', 'attachment'],
    ['x.constructor', 'application/octet-stream', 'attachment'],
  ] as const)('%s is sent as %s, %s', async ([path, type, disposition]) => {
    const { get } = await start({ [path]: script });
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(script);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('content-disposition')).toMatch(new RegExp(`^${disposition}; filename="`));
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
  });

  test('is sent in ranges', async () => {
    const { get } = await start({ 'a.log': '0123456789' });
    const part = await get('a.log', { range: 'bytes=2-4' });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 2-4/10');
    expect(await part.text()).toBe('234');
    const none = await get('a.log', { range: 'bytes=10-' });
    expect(none.status).toBe(416);
    expect(none.headers.get('content-range')).toBe('bytes */10');
    const changed = await get('a.log', { range: 'bytes=2-4', 'if-range': '"old"' });
    expect(changed.status).toBe(200);
    expect(await changed.text()).toBe('0123456789');
  });

  test('is not sent again while it is the same', async () => {
    const { get } = await start({ 'a.log': 'x' });
    const etag = (await get('a.log')).headers.get('etag') ?? '';
    expect((await get('a.log', { 'if-none-match': etag })).status).toBe(304);
    expect((await get('a.log', {}, 'HEAD')).headers.get('content-length')).toBe('1');
  });

  test('may be empty', async () => {
    const { get } = await start({ 'a.log': '' });
    const response = await get('a.log');
    expect([response.status, await response.text()]).toEqual([200, '']);
  });

  test('keeps a strange name where names belong', async () => {
    const name = 'a"; evil="\u00e4 (1)\'\r\n.bin';
    const { get } = await start({ [name]: 'x' });
    const response = await get(encodeURIComponent(name));
    expect(response.status).toBe(200);
    const disposition = response.headers.get('content-disposition') ?? '';
    expect(disposition).toMatch(/^attachment; filename="[\w.+-]+\.bin"; filename\*=UTF-8''[\w%.]+$/);
    expect(decodeURIComponent(disposition.slice(disposition.indexOf("''") + 2))).toBe(name);
  });

  test('cannot be one outside, in whatever way it is written', async () => {
    const { raw, execution } = await start({ 'a.log': 'x' });
    await symlink('/etc/passwd', join(execution.resultsDir, 'passwd'));
    await symlink('/etc', join(execution.resultsDir, 'etc'));
    for (const path of [
      'passwd',
      'etc/passwd',
      '../../../../etc/passwd',
      '..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd',
      '%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '/etc/passwd',
      '%2fetc%2fpasswd',
      'a.log%00',
      '..\\..\\etc\\passwd',
      'a.log/../../x',
      '.',
      '',
    ]) {
      const { status, text } = await raw(`/results/${execution.id}/${path}`);
      expect([400, 404]).toContain(status);
      expect(text).not.toContain('root:');
    }
    expect((await raw(`/results/${execution.id}/%zz`)).status).toBe(400);
    for (const id of ['0', '-1', '99', '1e0', '01', ' 1', '1;', '__proto__'])
      expect((await raw(`/results/${encodeURIComponent(id)}/a.log`)).status).toBe(404);
  });
});
