import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mirrorPath } from '../src/session/mirror-path.ts';
import { Mirror } from '../src/session/mirror.ts';

describe('the place of a mirrored file', () => {
  test.each([
    ['journal.ndjson', 'client.h1.journal.ndjson'],
    ['debug/client.log', 'debug/client.h1.log'],
    ['sleep/debug/output.log', 'sleep/debug/output.log'],
    ['a b/ü.txt', 'a b/ü.txt'],
    ['status.log', 'client.h1.status.log'],
    ['execution.json', 'client.h1.execution.json'],
    ['.autoserv.lock', 'client.h1..autoserv.lock'],
    ['debug/autoserv.log', 'client.h1.debug/autoserv.log'],
    ['crashinfo.h1/x', 'client.h1.crashinfo.h1/x'],
    ['client.h2.journal.ndjson', 'client.h1.client.h2.journal.ndjson'],
  ])('%s is %s', (path, expected) => {
    expect(mirrorPath(path, 'h1', '')).toBe(expected);
  });

  test.each(['', '/etc/passwd', '../x', 'a/../../x', 'a//b', './a', 'a/', '..', `${'a/'.repeat(40)}x`])(
    '%j is nowhere',
    (path) => {
      expect(mirrorPath(path, 'h1', '')).toBeUndefined();
    },
  );

  test('is below the directory of the host where there are several', () => {
    expect(mirrorPath('sleep/keyval', 'h1', 'h1')).toBe('h1/sleep/keyval');
    expect(mirrorPath('journal.ndjson', 'h1', 'h1')).toBe('client.h1.journal.ndjson');
  });

  test('tells two odd names apart', () => {
    const [a, b] = [mirrorPath('x\n', 'h1', ''), mirrorPath('x\r', 'h1', '')];
    expect(a).toMatch(/^[\w.-]+$/);
    expect(a).not.toBe(b);
  });

  test('never leaves the directory, whatever the host says', () => {
    const segment = fc.oneof(
      fc.constantFrom('..', '.', '', '/', 'a', '\0', '\n', '-', '~'),
      fc.string({ unit: 'binary', maxLength: 10 }),
    );
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), fc.constantFrom('', 'h1'), (segments, below) => {
        const path = mirrorPath(segments.join('/'), 'h1', below);
        if (path === undefined) return;
        expect(path.startsWith('/')).toBe(false);
        expect(path.split('/').some((part) => part === '..' || part === '.' || part === '')).toBe(false);
        expect(path).not.toMatch(/[\0\n\r]/);
      }),
    );
  });
});

describe('a mirror', () => {
  let root: string;
  let problems: string[];
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'mirror-test-'));
    problems = [];
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const make = (maxBytes = 1e6): Mirror =>
    new Mirror({ root, label: 'h1', below: '', maxBytes, onProblem: (path, why) => problems.push(`${path}: ${why}`) });
  const send = (mirror: Mirror, path: string, offset: number, text: string, replace = false): boolean =>
    mirror.apply(
      { type: 'data', path, offset, length: text.length, mode: 0o644, ...(replace && { replace }) },
      Buffer.from(text),
    );

  test('writes each byte once, whatever comes twice', () => {
    const mirror = make();
    expect(send(mirror, 'a/log', 0, 'hello ')).toBe(true);
    expect(send(mirror, 'a/log', 0, 'hello ')).toBe(false);
    expect(send(mirror, 'a/log', 3, 'lo world')).toBe(true);
    expect(readFileSync(join(root, 'a/log'), 'utf8')).toBe('hello world');
    expect(mirror.have()).toEqual({ 'a/log': 11 });
    mirror.close();
  });

  test('refuses to leave a hole', () => {
    const mirror = make();
    expect(() => send(mirror, 'log', 5, 'x')).toThrow(/from 5 on while 0/);
    mirror.close();
  });

  test('takes a file that was written anew', () => {
    const mirror = make();
    send(mirror, 'log', 0, 'a long first text');
    send(mirror, 'log', 0, 'short', true);
    send(mirror, 'log', 5, '!');
    expect(readFileSync(join(root, 'log'), 'utf8')).toBe('short!');
    mirror.close();
  });

  test('follows no link that lies in its way', () => {
    const outside = mkdtempSync(join(tmpdir(), 'mirror-outside-'));
    writeFileSync(join(outside, 'file'), 'mine');
    symlinkSync(outside, join(root, 'dir'));
    symlinkSync(join(outside, 'file'), join(root, 'link'));
    const mirror = make();
    expect(send(mirror, 'dir/new', 0, 'x')).toBe(false);
    expect(send(mirror, 'link', 0, 'x')).toBe(false);
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('mine');
    expect(existsSync(join(outside, 'new'))).toBe(false);
    expect(problems).toHaveLength(2);
    mirror.close();
    rmSync(outside, { recursive: true });
  });

  test('tells a name that is file and directory, and goes on', () => {
    const mirror = make();
    send(mirror, 'a', 0, 'file');
    expect(send(mirror, 'a/b', 0, 'x')).toBe(false);
    expect(send(mirror, 'c', 0, 'x')).toBe(true);
    expect(problems).toHaveLength(1);
    mirror.close();
  });

  test('stops at its size, but never loses the journal', () => {
    const mirror = make(10);
    expect(send(mirror, 'big', 0, '123456789')).toBe(true);
    expect(send(mirror, 'big', 9, '0123')).toBe(false);
    expect(send(mirror, 'journal.ndjson', 0, 'x'.repeat(100))).toBe(true);
    expect(problems).toEqual(['big: the results are larger than 10 bytes']);
    mirror.close();
  });

  test('keeps few files open, however many it holds', () => {
    const mirror = make();
    for (let n = 0; n < 300; n++) send(mirror, `f${n}`, 0, 'a');
    for (let n = 0; n < 300; n++) send(mirror, `f${n}`, 1, 'b');
    expect(readdirSync(root)).toHaveLength(300);
    expect(readFileSync(join(root, 'f7'), 'utf8')).toBe('ab');
    mirror.close();
  });

  test('takes up what an earlier one mirrored', () => {
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, 'client.h1.journal.ndjson'), '12345');
    const mirror = make();
    mirror.adopt('journal.ndjson');
    mirror.adopt('not-there');
    expect(mirror.have()).toEqual({ 'journal.ndjson': 5 });
    mirror.close();
  });
});
