import { mkdtempSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printable } from '@autotest/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { knownHostKeys } from '../src/hosts/ssh/known-hosts.ts';
import { parseMachine, readMachines } from '../src/standalone/machines.ts';
import { parseOptions } from '../src/standalone/options.ts';
import { prepareResultsDir } from '../src/standalone/results-dir.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'standalone-test-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('machine forms', () => {
  test.each([
    ['h1', { name: 'h1', local: false }],
    ['root@h1', { name: 'h1', user: 'root', local: false }],
    ['h1:2222', { name: 'h1', port: 2222, local: false }],
    ['me@h1.example.org:2222', { name: 'h1.example.org', user: 'me', port: 2222, local: false }],
    ['[fe80::1]:22', { name: 'fe80::1', port: 22, local: false }],
    ['fe80::1', { name: 'fe80::1', local: false }],
    ['local', { name: 'local', local: true }],
  ])('%s is understood', (text, expected) => {
    expect(parseMachine(text)).toEqual(expected);
  });

  test.each([
    '',
    'a b',
    '-oProxyCommand=x',
    'h1:',
    'h1:0',
    'h1:99999',
    '@h1',
    '-x@h1',
    'h/1',
    '../h',
    'h1\n',
    'root:secret@host',
  ])('%j is refused', (text) => {
    expect(() => parseMachine(text)).toThrow(/AT_USAGE|host|port|blank/);
  });

  test('lists are taken apart, sorted, and each host is there once', () => {
    writeFileSync(join(dir, 'list'), '# all of them\nzeta\nbeta # slow\n\n');
    expect(
      readMachines({ machines: ['gamma,beta', 'alpha'], machinesFile: join(dir, 'list') }).map(({ name }) => name),
    ).toEqual(['alpha', 'beta', 'gamma', 'zeta']);
    expect(() => readMachines({ machines: ['root@a,a'] })).toThrow(/twice/);
    expect(() => readMachines({ machines: [], machinesFile: join(dir, 'none') })).toThrow(/none/);
  });
});

describe('the command line', () => {
  test("takes the original's everyday options", () => {
    const options = parseOptions(
      [
        '-m',
        'a,b',
        '-s',
        '-l',
        'label',
        '-u',
        'me',
        '-r',
        'out',
        '--host-protection',
        'REPAIR_SOFTWARE_ONLY',
        '-a',
        'x=1 y=2',
        'control.ts',
        'z=3',
      ],
      {},
    );
    expect(options).toMatchObject({
      action: 'job',
      control: 'control.ts',
      type: 'server',
      machines: ['a,b'],
      label: 'label',
      user: 'me',
      resultsDir: 'out',
      protection: 'repairSoftwareOnly',
      params: ['z=3', 'x=1', 'y=2'],
      sshUser: 'root',
      sshPort: 22,
    });
  });

  test.each([
    [['-v', '-m', 'a'], 'verify'],
    [['-R', '-m', 'a'], 'repair'],
    [['-C', '-m', 'a'], 'cleanup'],
    [['-C', '-m', 'a', 'control.ts'], 'job'],
    [['--collect-crashinfo', '-r', 'x'], 'gather'],
  ])('%j means %s', (argv, action) => {
    expect(parseOptions(argv, {}).action).toBe(action);
  });

  test.each([
    [[]],
    [['-c', '-s', 'x.ts']],
    [['-v', '-R']],
    [['--no-such', 'x.ts']],
    [['--ssh-port', 'abc', 'x.ts']],
    [['--host-protection', 'all', 'x.ts']],
  ])('%j is refused', (argv) => {
    expect(() => parseOptions(argv, {})).toThrow();
  });
});

test('results of an earlier run are moved aside only when asked', () => {
  const now = new Date('2026-01-02T03:04:05Z');
  mkdirSync(join(dir, 'sleep'));
  writeFileSync(join(dir, 'journal.ndjson'), 'old');
  expect(() => prepareResultsDir(dir, false, now)).toThrow(/already/);
  expect(prepareResultsDir(dir, true, now)).toBe(dir);
  expect(readdirSync(dir)).toEqual(['previous.1']);
  expect(readdirSync(join(dir, 'previous.1')).sort()).toEqual(['journal.ndjson', 'sleep']);
  expect(() => prepareResultsDir(join(dir, 'none'), true, now)).toThrow(/not there/);
  expect(prepareResultsDir(join(dir, 'new'), false, now)).toBe(join(dir, 'new'));
});

test('known_hosts pins keys, by plain and by hashed names', () => {
  const salt = Buffer.from('0123456789abcdefghij');
  const hashed = `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update('[h2]:2222').digest('base64')}`;
  writeFileSync(
    join(dir, 'known_hosts'),
    `# comment\nh1,192.0.2.1 ssh-ed25519 AAAA comment\n${hashed} ssh-rsa BBBB\n@revoked h1 ssh-rsa CCCC\n`,
  );
  const file = join(dir, 'known_hosts');
  expect(knownHostKeys('h1', 22, file)).toEqual(['ssh-ed25519 AAAA']);
  expect(knownHostKeys('192.0.2.1', 22, file)).toEqual(['ssh-ed25519 AAAA']);
  expect(knownHostKeys('h2', 2222, file)).toEqual(['ssh-rsa BBBB']);
  expect(knownHostKeys('h2', 22, file)).toEqual([]);
  expect(knownHostKeys('h1', 22, join(dir, 'none'))).toEqual([]);
});

test('what strangers say reaches the terminal without control characters', () => {
  expect(printable('a\u001b]0;title\u0007b\u009b31m\nc')).toBe('a ]0;title b 31m c');
});
