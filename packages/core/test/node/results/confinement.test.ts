import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listFiles } from '../../../src/node/results/list-files.ts';
import { openFile } from '../../../src/node/results/open-file.ts';
import { readBytes } from '../../../src/node/results/read-bytes.ts';

let base: string;
let root: string;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'autotest-files-'));
  root = join(base, 'results');
  await mkdir(join(root, 'debug', 'deep'), { recursive: true });
  await mkdir(join(base, 'results-other'));
  await mkdir(join(base, 'outside'));
  for (const file of ['outside/secret', 'results-other/secret', 'secret']) await writeFile(join(base, file), 'SECRET');
  for (const file of ['status.log', 'debug/a.log', 'debug/deep/b.log', 'debug.txt', 'debug-x'])
    await writeFile(join(root, file), file);
  await symlink('../secret', join(root, 'link'));
  await symlink('../outside', join(root, 'dirlink'));
  await symlink('/', join(root, 'slash'));
  await symlink('status.log', join(root, 'inner'));
  await symlink('..', join(root, 'debug', 'up'));
  await symlink('loop', join(root, 'loop'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
});
afterAll(async () => rm(base, { recursive: true }));

async function below(under: string): Promise<string[]> {
  return (await listFiles(root, { first: 100, under })).map(({ path }) => path);
}

async function read(path: string): Promise<string | undefined> {
  const file = await openFile(root, path);
  if (file === undefined) return undefined;
  try {
    return await file.handle.readFile('utf8');
  } finally {
    await file.handle.close();
  }
}

describe('files of a results directory', () => {
  test('are opened by their paths', async () => {
    expect(await read('status.log')).toBe('status.log');
    expect(await read('debug/deep/b.log')).toBe('debug/deep/b.log');
    expect(await read('./debug//a.log')).toBe('debug/a.log');
  });

  test.for([
    '',
    '.',
    '..',
    '../secret',
    'debug/../../secret',
    'debug/../status.log',
    '/etc/passwd',
    '../results-other/secret',
    'link',
    'inner',
    'dirlink/secret',
    'dirlink',
    'slash/etc/passwd',
    'debug/up/../secret',
    'loop',
    'pipe',
    'debug',
    'debug/',
    'status.log/',
    'status.log/x',
    'nothing',
    'status.log\0',
    'x'.repeat(5000),
    '..\\secret',
    '%2e%2e/secret',
  ])('are not opened by %j', async (path) => {
    expect(await read(path)).toBeUndefined();
    expect(await readBytes(root, path, 0, 100)).toBeUndefined();
  });

  test('are opened through a link that stays inside', async () => {
    expect(await read('debug/up/status.log')).toBe('status.log');
  });

  test('never show anything from outside, whatever the path', async () => {
    const part = fc.constantFrom(
      '..',
      '.',
      '',
      'debug',
      'link',
      'dirlink',
      'slash',
      'secret',
      'up',
      'outside',
      '\\',
      'etc',
      'results-other',
      '~',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 6 }), fc.string({ maxLength: 5 }), async (parts, junk) => {
        for (const path of [parts.join('/'), `/${parts.join('/')}`, `${parts.join('/')}/${junk}`])
          expect(await read(path)).not.toBe('SECRET');
      }),
      { numRuns: 300 },
    );
  });

  test('are listed by path, without links, pipes and what they lead to', async () => {
    const files = await listFiles(root, { first: 100 });
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual(['debug-x', 'debug.txt', 'debug/a.log', 'debug/deep/b.log', 'status.log']);
    expect(paths).toEqual(paths.toSorted());
    expect(files[0]).toMatchObject({ size: 7, modifiedAt: expect.any(Number) });
  });

  test('are listed below a directory, and nowhere else', async () => {
    expect(await below('debug')).toEqual(['debug/a.log', 'debug/deep/b.log']);
    expect(await below('debug/')).toEqual(['debug/a.log', 'debug/deep/b.log']);
    for (const under of ['..', '../outside', 'dirlink', 'slash', 'debug/up', '/etc', 'nothing', 'status.log', 'a\0b'])
      expect(await below(under)).toEqual([]);
  });

  test('are listed up to a number', async () => {
    expect((await listFiles(root, { first: 2 })).map(({ path }) => path)).toEqual(['debug-x', 'debug.txt']);
  });

  test('of a directory that is not there are none', async () => {
    expect(await listFiles(join(base, 'nowhere'), { first: 10 })).toEqual([]);
    expect(await openFile(join(base, 'nowhere'), 'x')).toBeUndefined();
  });
});
