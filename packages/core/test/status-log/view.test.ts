import { describe, expect, it } from 'vitest';
import { StatusLogView, StatusParserV1, type JournalRecord, type RecordBody } from '../../src/index.ts';

function textOf(bodies: readonly (readonly [readonly string[], RecordBody])[], root: readonly string[] = []): string {
  const view = new StatusLogView({ root });
  let seq = 0;
  let text = '';
  for (const [scope, body] of bodies) {
    seq += 1;
    text += view.apply({ ...record(scope, body), seq, t: 1_700_000_000_000 + seq * 1000 });
  }
  return text;
}

function record(scope: readonly string[], body: RecordBody): JournalRecord {
  return { v: 1, seq: 1, t: 0, epoch: 0, scope, ...body };
}

/** Indent, code, subdir, operation and message of each line: what does not depend on the time zone. */
function shape(text: string): string[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replaceAll(/\t(?:timestamp|localtime)=[^\t]*/g, '').replaceAll('\t', '|'));
}

const jobStart: readonly [readonly string[], RecordBody] = [
  [],
  { kind: 'job.start', name: 'demo', hosts: ['h'], controlType: 'client' },
];

describe('the status log as a view of the journal', () => {
  it('writes a test as START, status and END one level deeper than its job', () => {
    const text = textOf([
      jobStart,
      [['sleep'], { kind: 'node.start', node: 'test', name: 'sleep', subdir: 'sleep', timeoutMs: 5000 }],
      [['sleep'], { kind: 'node.end', outcome: 'pass' }],
      [[], { kind: 'job.end', outcome: 'pass' }],
    ]);
    expect(shape(text)).toEqual([
      'START|----|----|',
      '|START|sleep|sleep|timeout=5|',
      '||GOOD|sleep|sleep|completed successfully',
      '|END GOOD|sleep|sleep|',
      'END GOOD|----|----|',
    ]);
  });

  it('writes what ran at the same time one after another, in the order of the beginnings', () => {
    const text = textOf([
      [['a'], { kind: 'node.start', node: 'branch', name: 'a' }],
      [['b'], { kind: 'node.start', node: 'branch', name: 'b' }],
      [['b', 't'], { kind: 'node.start', node: 'test', name: 't', subdir: 't' }],
      [['a', 'note'], { kind: 'node.result', node: 'subtest', name: 'note', outcome: 'pass', reason: 'hi' }],
      [['b', 't'], { kind: 'node.end', outcome: 'fail', reason: 'bad\nworse' }],
      [['b'], { kind: 'node.end', outcome: 'fail' }],
      [['a'], { kind: 'node.end', outcome: 'pass' }],
    ]);
    expect(shape(text)).toEqual([
      'START|----|a|',
      '|GOOD|----|note|hi',
      '|GOOD|----|a|completed successfully',
      'END GOOD|----|a|',
      'START|----|b|',
      '|START|t|t|',
      '||FAIL|t|t|bad',
      '  worse',
      '|END FAIL|t|t|',
      '|FAIL|----|b|',
      'END FAIL|----|b|',
    ]);
  });

  it('writes lines of the first open branch at once', () => {
    const view = new StatusLogView();
    expect(view.apply(record(['a'], { kind: 'node.start', node: 'test', name: 'a' }))).toContain('START');
    expect(view.apply(record(['b'], { kind: 'node.start', node: 'test', name: 'b' }))).toBe('');
    expect(shape(view.apply(record(['a'], { kind: 'node.end', outcome: 'pass' })))).toEqual([
      '|GOOD|----|a|completed successfully',
      'END GOOD|----|a|',
      'START|----|b|',
    ]);
  });

  it('shows one test alone, from its own level on', () => {
    const text = textOf(
      [
        jobStart,
        [['other'], { kind: 'node.start', node: 'test', name: 'other' }],
        [['sleep'], { kind: 'node.start', node: 'test', name: 'sleep', subdir: 'sleep' }],
        [['sleep'], { kind: 'node.end', outcome: 'timeout', reason: 'too long' }],
      ],
      ['sleep'],
    );
    expect(shape(text)).toEqual(['START|sleep|sleep|', '|ERROR|sleep|sleep|too long', 'END ERROR|sleep|sleep|']);
  });

  it('ends what is open when the execution ends', () => {
    const text = textOf([
      jobStart,
      [['sleep'], { kind: 'node.start', node: 'test', name: 'sleep', subdir: 'sleep' }],
      [[], { kind: 'end', exitClass: 'lost', cause: { code: 'AT_CLIENT_LOST', message: 'client lost' } }],
    ]);
    expect(shape(text).slice(2)).toEqual([
      '||ABORT|sleep|sleep|client lost',
      '|END ABORT|sleep|sleep|',
      '|ABORT|----|----|client lost',
      'END ABORT|----|----|',
    ]);
  });

  it('writes a reboot as a group of its own', () => {
    const text = textOf([
      jobStart,
      [[], { kind: 'reboot', event: 'start', host: 'h' }],
      [[], { kind: 'reboot', event: 'verify', host: 'h' }],
      [[], { kind: 'reboot', event: 'end', host: 'h' }],
      [[], { kind: 'job.end', outcome: 'pass' }],
    ]);
    expect(shape(text)).toEqual([
      'START|----|----|',
      '|START|----|reboot|',
      '||GOOD|----|reboot.start|',
      '||GOOD|----|reboot.verify|',
      '||GOOD|----|reboot|completed successfully',
      '|END GOOD|----|reboot|',
      'END GOOD|----|----|',
    ]);
  });

  it('is read back as it was meant by the parser of the original format', () => {
    const text = textOf([
      jobStart,
      [['sleep'], { kind: 'node.start', node: 'test', name: 'sleep', subdir: 'sleep' }],
      [['sleep', 'part'], { kind: 'node.start', node: 'subtest', name: 'part' }],
      [['sleep', 'part'], { kind: 'node.end', outcome: 'fail', reason: 'no' }],
      [['sleep'], { kind: 'node.end', outcome: 'fail', reason: 'no' }],
      [['skipped'], { kind: 'node.result', node: 'subtest', name: 'skipped', outcome: 'skip' }],
      [[], { kind: 'job.end', outcome: 'fail' }],
    ]);
    const tests: string[] = [];
    const problems: string[] = [];
    const parser = new StatusParserV1({
      onTest: ({ testname, status }) => tests.push(`${testname} ${status}`),
      onProblem: ({ why }) => problems.push(why),
    });
    for (const line of text.split('\n').slice(0, -1)) parser.feed(line);
    parser.end();
    expect(problems).toEqual([]);
    expect(tests).toEqual(['part FAIL', 'sleep FAIL', 'skipped TEST_NA', 'CLIENT_JOB.0 GOOD']);
  });
});
