import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { JournalRecord, RecordBody } from '@autotest/core';
import { JournalWriter } from '@autotest/core/node';
import { lockResults } from '../src/execution/lock.ts';
import { closeOpenNodes } from '../src/execution/nodes.ts';
import { Recorder } from '../src/execution/recorder.ts';
import { StatusLogs } from '../src/execution/status-logs.ts';
import { StopRequest } from '../src/execution/stop.ts';
import { exitCodeOf, verdictOfExecution } from '../src/execution/verdict.ts';
import { HostLostError, ResultsDiskFullError } from '../src/errors.ts';
import { TakeOver } from '../src/session/take-over.ts';

let dir: string;
let records: JournalRecord[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'records-test-'));
  records = [];
});
afterEach(() => rmSync(dir, { recursive: true }));

function open(): Recorder {
  return Recorder.open({ resultsDir: dir, epoch: 3, onRecord: (record, old) => !old && records.push(record) });
}

function client(bodies: readonly (readonly [RecordBody, ...string[]])[]): void {
  const writer = JournalWriter.open(join(dir, 'client.h1.journal.ndjson'), { epoch: 3 });
  for (const [body, ...scope] of bodies) writer.append(body, scope);
  writer.close();
}

describe('records of a client', () => {
  const takeOver = (recorder: Recorder): TakeOver =>
    new TakeOver({ recorder, resultsDir: dir, host: 'h1', label: 'h1', scope: [], below: '' });

  test('are taken over once, also by the next autoserv', () => {
    client([
      [{ kind: 'job.start', name: 'x', hosts: ['h1'], controlType: 'client' }],
      [{ kind: 'info', message: 'one' }],
      [{ kind: 'info', message: 'two' }],
    ]);
    const first = open();
    takeOver(first).advance();
    takeOver(first).advance();
    first.close();
    client([[{ kind: 'info', message: 'three' }]]);
    const second = open();
    takeOver(second).advance();
    second.close();
    expect(records.map((record) => record.kind === 'info' && record.message)).toEqual(['one', 'two', 'three']);
    expect(records.map(({ from, seq }) => [seq, from?.seq])).toEqual([
      [1, 2],
      [2, 3],
      [3, 4],
    ]);
  });

  test('that are half written wait for their rest', () => {
    const recorder = open();
    const take = takeOver(recorder);
    const line = JSON.stringify({ v: 1, seq: 1, t: 1, epoch: 3, scope: [], kind: 'info', message: 'x' });
    writeFileSync(join(dir, 'client.h1.journal.ndjson'), line.slice(0, 20));
    take.advance();
    expect(records).toEqual([]);
    appendFileSync(join(dir, 'client.h1.journal.ndjson'), `${line.slice(20)}\n`);
    take.advance();
    expect(records).toHaveLength(1);
    recorder.close();
  });

  test('cannot say what only autoserv may say, nor name other hosts and directories', () => {
    client([
      [{ kind: 'hostKey', host: 'h2', key: 'ssh-ed25519 evil' }],
      [{ kind: 'node.start', node: 'test', name: 'x', host: 'h2', subdir: '../../etc' }, 'x'],
      [{ kind: 'node.end', outcome: 'glorious' as 'pass' }, 'x'],
    ]);
    const recorder = open();
    takeOver(recorder).advance();
    expect(records.map(({ kind }) => kind)).toEqual(['problem', 'node.start', 'node.end']);
    expect(records[1]).toMatchObject({ host: 'h1' });
    expect(records[1]).not.toHaveProperty('subdir');
    expect(records[2]).toMatchObject({ outcome: 'unknown' });
    recorder.close();
  });

  test('that are missing, and lines that are none, are told', () => {
    const line = (seq: number): string =>
      `${JSON.stringify({ v: 1, seq, t: 1, epoch: 3, scope: [], kind: 'info', message: `${seq}` })}\n`;
    writeFileSync(join(dir, 'client.h1.journal.ndjson'), `${line(1)}garbage\n${line(4)}`);
    const recorder = open();
    takeOver(recorder).advance();
    expect(records.filter(({ kind }) => kind === 'problem')).toHaveLength(2);
    expect(records.filter(({ kind }) => kind === 'info')).toHaveLength(2);
    recorder.close();
  });

  test('stand below the scope and directory of their session', () => {
    client([
      [{ kind: 'node.start', node: 'test', name: 'x', subdir: 'x' }, 'x'],
      [{ kind: 'job.end', outcome: 'pass' }],
    ]);
    const recorder = open();
    new TakeOver({
      recorder,
      resultsDir: dir,
      host: 'h1',
      label: 'h1',
      scope: ['h1'],
      below: 'h1',
      rename: (name) => `${name}#2`,
    }).advance();
    expect(records).toMatchObject([{ kind: 'node.start', scope: ['h1', 'x#2'], subdir: 'h1/x' }]);
    recorder.close();
  });
});

describe('the verdict', () => {
  const facts = (recorder: Recorder) => ({ request: undefined, thrown: undefined, clients: [], recorder });

  test('follows what happened', () => {
    const recorder = open();
    expect(verdictOfExecution(facts(recorder))).toEqual({ exitClass: 'clean' });
    expect(verdictOfExecution({ ...facts(recorder), thrown: { error: new HostLostError('h1', 'x') } })).toMatchObject({
      exitClass: 'infra',
      cause: { code: 'AT_HOST_LOST' },
    });
    expect(verdictOfExecution({ ...facts(recorder), clients: [{ exitClass: 'timedOut' }] }).exitClass).toBe('timedOut');
    expect(
      verdictOfExecution({
        ...facts(recorder),
        clients: [{ exitClass: 'testFailures', cause: { code: 'AT_HOST_LOST', message: '' } }],
      }).exitClass,
    ).toBe('infra');
    const request = new StopRequest('timedOut', 'deadline', 'over');
    expect(verdictOfExecution({ ...facts(recorder), request, thrown: { error: request } })).toMatchObject({
      exitClass: 'timedOut',
      cause: { message: 'over' },
    });
    expect(
      verdictOfExecution({ ...facts(recorder), request, thrown: { error: new ResultsDiskFullError('x') } }),
    ).toMatchObject({ exitClass: 'infra', cause: { code: 'AT_RESULTS_DISK_FULL' } });
    recorder.append({ kind: 'node.result', node: 'test', name: 'x', outcome: 'fail' }, ['x']);
    expect(verdictOfExecution(facts(recorder)).exitClass).toBe('testFailures');
    recorder.close();
  });

  test('has an exit code for each class', () => {
    expect((['clean', 'testFailures', 'infra', 'aborted', 'timedOut', 'lost'] as const).map(exitCodeOf)).toEqual([
      0, 1, 2, 3, 3, 2,
    ]);
  });
});

test('open nodes are closed from the inside out', () => {
  const recorder = open();
  recorder.append({ kind: 'node.start', node: 'group', name: 'g' }, ['g']);
  recorder.append({ kind: 'node.start', node: 'test', name: 't' }, ['g', 't']);
  expect(closeOpenNodes(recorder, 'abort', 'why')).toBe(2);
  expect(records.slice(2)).toMatchObject([
    { kind: 'node.end', scope: ['g', 't'], outcome: 'abort', reason: 'why' },
    { kind: 'node.end', scope: ['g'] },
  ]);
  recorder.close();
});

test('status logs are written as it happens, and anew from the journal by the next autoserv', () => {
  const bodies: readonly (readonly [RecordBody, ...string[]])[] = [
    [{ kind: 'node.start', node: 'test', name: 't', subdir: 't' }, 't'],
    [{ kind: 'node.end', outcome: 'pass' }, 't'],
  ];
  const logs = new StatusLogs(dir, () => {});
  const recorder = Recorder.open({ resultsDir: dir, epoch: 1, onRecord: (record, old) => logs.take(record, old) });
  for (const [body, ...scope] of bodies) recorder.append(body, scope);
  logs.close();
  recorder.close();
  const text = readFileSync(join(dir, 'status.log'), 'utf8');
  expect(text.split('\n').map((line) => line.trim().split('\t')[0])).toEqual(['START', 'GOOD', 'END GOOD', '']);
  expect(existsSync(join(dir, 't/status.log'))).toBe(true);

  writeFileSync(join(dir, 'status.log'), text.slice(0, 30));
  const next = new StatusLogs(dir, () => {});
  const continued = Recorder.open({ resultsDir: dir, epoch: 1, onRecord: (record, old) => next.take(record, old) });
  continued.append({ kind: 'info', message: 'more' });
  next.close();
  continued.close();
  expect(readFileSync(join(dir, 'status.log'), 'utf8').startsWith(text)).toBe(true);
});

test('a results directory has one writer, until it is gone', () => {
  const unlock = lockResults({ resultsDir: dir, purpose: 'job' });
  expect(() => lockResults({ resultsDir: dir, purpose: 'job' })).toThrow(
    expect.objectContaining({ code: 'AT_EXECUTION_LOCKED' }) as Error,
  );
  unlock();
  lockResults({ resultsDir: dir, purpose: 'job' })();
  writeFileSync(join(dir, '.autoserv.lock'), JSON.stringify({ pid: 999_999_999, startTicks: '1' }));
  lockResults({ resultsDir: dir, purpose: 'job' })();
  writeFileSync(join(dir, '.autoserv.lock'), 'half a li');
  lockResults({ resultsDir: dir, purpose: 'job' })();
});
