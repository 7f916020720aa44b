import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NoResultsError } from '../../src/status-log/errors.ts';
import { readLines } from '../../src/status-log/read-lines.ts';
import { readClassicTree } from '../../src/status-log/tree.ts';
import type { ClassicJob } from '../../src/status-log/classic-job.ts';

let dir = '';

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'autotest-tree-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}

const test = (name: string, subdir = name): string =>
  `START\t${subdir}\t${name}\ttimestamp=1\t\nEND GOOD\t${subdir}\t${name}\ttimestamp=2\t\n`;

function statuses(jobs: readonly ClassicJob[]): string[] {
  return jobs.map(({ path, tests }) => `${path}: ${tests.map((t) => `${t.testname} ${t.status}`).join(', ')}`);
}

describe('one job', () => {
  it('brings log, keyvals, host, pid file and iterations together', async () => {
    write({
      'status.log': test('t'),
      keyval: 'hostname=host1\nuser=alice\nlabel=7\njob_queued=10\njob_started=20\njob_finished=30\nstatus_version=1\n',
      '.autoserv_execute': '99\n256\n1\n',
      'host_keyvals/host1': 'platform=x86\nlabels=a%20b,c\n',
      't/keyval': 'version=3\n',
      't/results/keyval': 'mbps{perf}=5\n\n',
    });
    const [job] = await readClassicTree(dir);
    expect(job).toMatchObject({
      version: 1,
      user: 'alice',
      label: '7',
      machine: 'host1',
      machineGroup: 'x86',
      queued: 10,
      started: 20,
      finished: 30,
      exit: { exitCode: 1, signal: null },
      problems: [],
      tests: [
        {
          testname: 'SERVER_JOB',
          subdir: '----',
          status: 'FAIL',
          started: 20,
          finished: 30,
          kernel: { hash: 'UNKNOWN' },
        },
        {
          testname: 't',
          machine: 'host1',
          iterations: [{ index: 1, perf: { mbps: 5 } }],
          attributes: { version: 3, 'host-platform': 'x86', 'host-labels': 'a%20b,c' },
        },
      ],
    });
  });

  it.each([
    ['1\n0\n0\n', 'GOOD'],
    ['1\n512\n0\n', 'FAIL'],
    ['1\n271\n0\n', 'ABORT'],
    ['1\n', 'ABORT'],
    ['1\nrubbish\n', 'ABORT'],
    ['', 'ABORT'],
  ])('judges the server by the pid file %j: %s', async (pidFile, status) => {
    write({ 'status.log': '', keyval: 'status_version=1\n', '.autoserv_execute': pidFile });
    expect((await readClassicTree(dir))[0]?.tests[0]).toMatchObject({ testname: 'SERVER_JOB', status });
  });

  it('names who aborted what was still open', async () => {
    const keyval = 'status_version=1\naborted_by=bob\naborted_on=1700000000\n';
    write({ 'status.log': 'START\tt\tt\ttimestamp=1\t\n', keyval });
    const tests = (await readClassicTree(dir))[0]?.tests;
    expect(tests?.[1]).toMatchObject({ status: 'ABORT', reason: 'Job aborted by bob at Nov 14 22:13:20' });
  });

  it('takes the results of a client run by hand for version 1, of a job that names no version for 0', async () => {
    write({ status: test('t') });
    expect((await readClassicTree(dir))[0]?.version).toBe(1);
    write({ keyval: 'user=alice\n', 'build/debug/build_log': 'BASE: 2.6.21\nPATCH: a b c1\n' });
    const [job] = await readClassicTree(dir);
    expect(job?.version).toBe(0);
    expect(job?.tests[0]).toMatchObject({
      attributes: { version: null },
      kernel: { base: '2.6.21', patches: [{ hash: 'c1' }] },
    });
  });

  it('says that there are no results where there are none', async () => {
    await expect(readClassicTree(dir)).rejects.toThrow(NoResultsError);
  });
});

describe('a job on several hosts', () => {
  const top = { '.machines': 'a\nb\nc\ngone\n../evil\n', 'status.log': '', '.autoserv_execute': '1\n256\n0\n' };
  const keyval = 'hostname=a,b,c\nstatus_version=1\njob_started=5\n';

  it('gives one job a host, each judged by its own log', async () => {
    write({
      ...top,
      keyval,
      'a/status.log': test('t'),
      'a/keyval': 'hostname=a\n',
      'b/status.log': `${test('t')}INFO\t----\t----\tjob_abort_reason=b is bad\tb is bad\n`,
      'b/keyval': 'hostname=b\n',
      'c/keyval': 'hostname=c\n',
    });
    const jobs = await readClassicTree(dir);
    expect(statuses(jobs)).toEqual([
      ': SERVER_JOB FAIL',
      'a: SERVER_JOB GOOD, t GOOD',
      'b: SERVER_JOB FAIL, t GOOD',
      'c: SERVER_JOB ABORT',
    ]);
    expect(jobs.map(({ machine, started }) => [machine, started])).toEqual([
      ['a,b,c', 5],
      ['a', 5],
      ['b', 5],
      ['c', 5],
    ]);
    expect(jobs[3]?.problems).toMatchObject([{ why: 'there is no status log' }]);
  });

  it('names a job on several hosts after their group, else after what sysinfo says', async () => {
    write({ ...top, keyval, 'sysinfo/hostname': 'real\n', 'host_keyvals/g': 'platform=arm\n' });
    expect((await readClassicTree(dir))[0]?.machine).toBe('real');
    write({ keyval: `${keyval}host_group_name=g\n` });
    expect((await readClassicTree(dir))[0]).toMatchObject({ machine: 'g', machineGroup: 'arm' });
  });

  it('finds hosts by their logs where nothing lists them', async () => {
    write({ 'b/status': test('t'), 'a/status.log': test('t'), 'other/file': '' });
    expect((await readClassicTree(dir)).map(({ path }) => path)).toEqual(['a', 'b']);
  });
});

describe('data of strangers', () => {
  it('reads nothing outside of the tree, by whatever name the log gives', async () => {
    write({
      'job/status.log': test('t', '../secret') + test('u', 'link') + test('v', dir) + test('w', 'dir'),
      'job/keyval': 'status_version=1\nhostname=../secret\n',
      'job/.autoserv_execute': '1\n0\n0\n',
      'secret/keyval': 'password=1\n',
      'job/host_keyvals/x': '',
      'job/dir/keyval/file': '',
    });
    symlinkSync(join(dir, 'secret'), join(dir, 'job/link'));
    const [job] = await readClassicTree(join(dir, 'job'));
    expect(job?.tests.map(({ attributes }) => Object.keys(attributes))).toEqual([[], [], [], [], []]);
  });

  it('survives bytes that are no text and lists broken lines with their file', async () => {
    const noise = Buffer.from(Array.from({ length: 20_000 }, (_, n) => (n * n * 31 + n) % 256));
    write({ keyval: 'status_version=1\nnot a keyval\n', 't/results/keyval': 'x=fast\n' });
    writeFileSync(join(dir, 'status.log'), Buffer.concat([noise, Buffer.from(`\n${test('t')}`)]));
    const [job] = await readClassicTree(dir);
    expect(job?.tests.at(-1)).toMatchObject({ testname: 't', status: 'GOOD' });
    expect(job?.problems.filter(({ file }) => file !== undefined)).toMatchObject([
      { file: 'keyval', line: 2 },
      { file: 't/results/keyval', line: 1, text: 'x=fast' },
    ]);
  });
});

describe('reading lines', () => {
  it('gives the same lines wherever chunks end, and cuts those that are too long', async () => {
    const lines = Array.from({ length: 3000 }, (_, n) => `${n} ${'ä'.repeat((n * 37) % 400)}`);
    lines[5] = 'x'.repeat(1_000_000);
    write({ log: lines.join('\n') });
    const read: string[] = [];
    const result = await readLines(join(dir, 'log'), (line) => read.push(line), { maxLineBytes: 1000 });
    expect(read.length).toBe(3000);
    expect(read.filter((line, n) => n !== 5 && line !== lines[n])).toEqual([]);
    expect(read[5]).toBe('x'.repeat(1000));
    expect(result).toMatchObject({ cutLines: [6], truncated: false });
  });

  it('stops after the bytes it may read and when told to', async () => {
    write({ log: 'one\ntwo\nthree\n' });
    const read: string[] = [];
    const file = join(dir, 'log');
    expect(await readLines(file, (line) => read.push(line), { maxBytes: 8 })).toMatchObject({ truncated: true });
    expect(read).toEqual(['one', 'two']);
    await expect(readLines(file, () => {}, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
      'enough',
    );
  });
});
