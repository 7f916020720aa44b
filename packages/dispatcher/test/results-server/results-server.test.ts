import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '@autotest/core';
import {
  answerHeader,
  resultsSecretName,
  resultsTokenMs,
  signResultsToken,
  sizeHeader,
  type ResultsClaim,
} from '@autotest/core/node';
import { makeTestDatabase } from '@autotest/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startResultsServer } from '../../src/results-server/results-server.ts';

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function start() {
  const base = await mkdtemp(join(tmpdir(), 'autotest-results-'));
  onTestFinished(() => rm(base, { recursive: true }));
  const resultsRoot = join(base, 'results');
  const directory = join(resultsRoot, '1-ada', 'h1');
  await mkdir(join(directory, 'debug'), { recursive: true });
  await writeFile(join(directory, 'status.log'), '0123456789');
  await writeFile(join(directory, 'debug', 'a.log'), 'a');
  await writeFile(join(base, 'secret'), 'SECRET');
  await symlink('../../../secret', join(directory, 'link'));
  await symlink(base, join(resultsRoot, 'out'));
  const database = await makeTestDatabase();
  onTestFinished(() => database.close());
  const lines: string[] = [];
  const log = createLog({ level: 'debug', write: (line) => lines.push(line) });
  const server = await startResultsServer({ port: 0 }, { database, dispatcherId: 'd1', resultsRoot, log });
  onTestFinished(() => server.close());
  const secret = await database.secrets.get(resultsSecretName);
  const tokenOf = (change: Partial<ResultsClaim> = {}, key = secret): string => {
    const expiresAt = Date.now() + resultsTokenMs;
    return signResultsToken(key, { executionId: 7, directory, dispatcherId: 'd1', expiresAt, ...change });
  };
  return {
    base,
    directory,
    resultsRoot,
    server,
    lines,
    tokenOf,
    get: (path: string, init: Ask = {}, token = tokenOf()) =>
      fetch(`${server.url}/results/${path}`, {
        ...init,
        headers: { ...init.headers, authorization: `Bearer ${token}` },
      }),
  };
}

describe('the server of results', () => {
  test('sends a file, a range of it, and its head', async () => {
    const { get } = await start();
    const whole = await get('file?path=status.log');
    expect([whole.status, await whole.text()]).toEqual([200, '0123456789']);
    expect(whole.headers.get(answerHeader)).toBe('d1');
    const part = await get('file?path=status.log', { headers: { range: 'bytes=2-4' } });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([206, 'bytes 2-4/10', '234']);
    expect((await get('file?path=status.log', { headers: { range: 'bytes=10-' } })).status).toBe(416);
    const head = await get('file?path=status.log', { method: 'HEAD' });
    expect([head.status, head.headers.get(sizeHeader), await head.text()]).toEqual([200, '10', '']);
    expect((await get('file?path=nothing')).status).toBe(404);
  });

  test('lists the files', async () => {
    const { get } = await start();
    const paths = async (query: string) =>
      ((await (await get(`list?${query}`)).json()) as { path: string }[]).map(({ path }) => path);
    expect(await paths('first=10')).toEqual(['debug/a.log', 'status.log']);
    expect(await paths('first=1')).toEqual(['debug/a.log']);
    expect(await paths('first=10&under=debug')).toEqual(['debug/a.log']);
    expect(await paths('first=10&under=..')).toEqual([]);
  });

  test('waits for a file to grow, and for one that is not there yet', async () => {
    const { get, directory } = await start();
    const growth = get('tail?path=status.log&offset=8&length=100&beyond=10&wait=20000');
    await appendFile(join(directory, 'status.log'), 'ab');
    expect(await (await growth).text()).toBe('89ab');
    const late = get('tail?path=new/late.log&offset=0&length=100&beyond=0&wait=20000');
    await mkdir(join(directory, 'new'));
    await writeFile(join(directory, 'new', 'late.log'), 'late');
    expect(await (await late).text()).toBe('late');
    expect((await get('tail?path=nothing&offset=0&length=100&beyond=0&wait=0')).status).toBe(404);
  });

  test('says nothing without a token that is right', async () => {
    const { get, tokenOf, lines, server } = await start();
    const bad = [
      '',
      'x.y',
      tokenOf({ expiresAt: Date.now() - 1 }),
      tokenOf({ dispatcherId: 'd2' }),
      tokenOf({}, 'another secret'),
    ];
    for (const token of bad)
      for (const path of ['file?path=status.log', 'list?first=10', 'tail?path=status.log', 'nothing']) {
        const answer = await get(path, {}, token);
        expect([answer.status, await answer.text()], token).toEqual([401, 'A token is needed.\n']);
      }
    expect((await fetch(`${server.url}/results/list?first=10`)).status).toBe(401);
    for (const token of bad.slice(1)) expect(lines.join('\n')).not.toContain(token);
  });

  test('opens no directory but those of its results, whatever the token says', async () => {
    const { get, tokenOf, base, resultsRoot } = await start();
    for (const directory of [base, resultsRoot, '/', join(resultsRoot, 'out'), join(resultsRoot, '..'), 'results', ''])
      for (const path of ['file?path=secret', 'list?first=10'])
        expect((await get(path, {}, tokenOf({ directory }))).status, directory).toBe(403);
  });

  test.for(['../../../secret', '/etc/passwd', 'link', '..', '', 'debug', 'a\0b'])(
    'does not leave the directory by the path %j',
    async (path) => {
      const { get } = await start();
      const query = new URLSearchParams({ path });
      expect((await get(`file?${query}`)).status).toBe(404);
      expect((await get(`tail?${query}&offset=0&length=10&beyond=0&wait=0`)).status).toBe(404);
    },
  );

  test('takes nothing but what it knows', async () => {
    const { get, server, tokenOf } = await start();
    for (const path of [
      'file',
      'list',
      'list?first=100001',
      'list?first=-1',
      'tail?path=status.log&offset=0&length=99999999&beyond=0&wait=0',
      'tail?path=status.log&offset=0&length=10&beyond=0&wait=9999999',
      'tail?path=status.log&offset=1e3&length=10&beyond=0&wait=0',
      'other',
    ])
      expect((await get(path)).status, path).toBe(400);
    expect((await get('file?path=status.log', { method: 'POST', body: 'x' })).status).toBe(405);
    expect((await get('file?path=status.log', { method: 'DELETE' })).status).toBe(405);
    const odd = await new Promise((resolve) => {
      const headers = { authorization: `Bearer ${tokenOf()}` };
      request(server.url, { path: '//[', headers }, (response) => resolve(response.statusCode)).end();
    });
    expect(odd).toBe(400);
  });
});
