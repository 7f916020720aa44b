import { describe, expect, it } from 'vitest';
import { lines, read } from './read.ts';

function tap(...text: string[]): string[] {
  return lines(read('tap', `${text.join('\n')}\n`).nodes);
}

describe('TAP', () => {
  it('gives results with their directives', () => {
    expect(
      tap(
        'TAP version 14',
        '1..6',
        'ok 1 - adds',
        'not ok 2 - fails',
        'ok 3 # SKIP no device',
        'not ok 4 - skipped # skip: not here',
        'not ok 5 - later # TODO write it',
        'ok 6 - has a \\# in it # todo',
      ),
    ).toEqual([
      'adds: pass',
      'fails: fail',
      'test 3: skip (no device)',
      'skipped: skip (not here)',
      'later: warn (write it)',
      'has a # in it: pass',
    ]);
  });

  it('nests subtests below the result that follows them', () => {
    expect(
      tap(
        '# Subtest: outer',
        '    ok 1 - a',
        '        ok 1 - deep',
        '        1..1',
        '    not ok 2 - b',
        '    1..2',
        'not ok 1 - outer',
        'ok 2 - next',
        '1..2',
      ),
    ).toEqual(['outer: fail', '  a: pass', '  b: fail', '    deep: pass', 'next: pass']);
  });

  it('takes time and message from YAML', () => {
    const { nodes } = read(
      'tap',
      "not ok 1 - a\n  ---\n  duration_ms: 12.4\n  message: 'expected 1'\n  ok 9 - no result\n  ...\n1..1\n",
    );
    expect(nodes).toEqual([{ name: 'a', outcome: 'fail', reason: 'expected 1', durationMs: 12, children: [] }]);
  });

  it('keeps order and duplicates', () => {
    expect(tap('ok 1 - same', 'ok 2 - same', '1..2')).toEqual(['same: pass', 'same: pass']);
  });

  it('makes an error of everything that may hide a failure', () => {
    expect(tap('1..3', 'ok 1 - a')).toEqual(['a: pass', 'plan: error (3 tests were planned, 1 came)']);
    expect(tap('ok 1 - a')).toEqual([
      'a: pass',
      'plan: error (There is no plan: the output may have been cut after 1 results)',
    ]);
    expect(tap('ok 1 - a', 'Bail out! disk gone', 'ok 2 - b', '1..2')).toEqual([
      'a: pass',
      'Bail out!: error (disk gone)',
    ]);
    expect(tap('hello')).toEqual(['no results: error (The output holds no results)']);
    expect(tap('1..1', '    ok 1 - lost')).toEqual([
      'unfinished subtest: error (The output ended inside a subtest: its own result is missing)',
      '  lost: pass',
      '  plan: error (There is no plan: the output may have been cut after 1 results)',
      'plan: error (1 tests were planned, 0 came)',
    ]);
    expect(tap('    not ok 1 - child', '    1..1', 'ok 1 - parent', '1..1')).toEqual([
      'parent: fail (says ok above a subtest that is not)',
      '  child: fail',
    ]);
  });

  it('is skipped as a whole by an empty plan', () => {
    expect(tap('1..0 # SKIP no perl')).toEqual(['all tests: skip (no perl)']);
  });

  it('survives lines without end and any depth', () => {
    const { nodes, problems } = read('tap', `ok 1 - ${'x'.repeat(1_000_000)}`, 65_536);
    expect(nodes[0]?.name.length).toBeLessThan(1000);
    expect(problems[0]).toContain('was cut');
    const deep = Array.from({ length: 200 }, (_, depth) => `${' '.repeat(depth * 4)}ok 1 - d`).join('\n');
    expect(read('tap', deep).problems.join()).toContain('nested deeper');
  });
});

describe('KTAP', () => {
  it('nests by indentation and by the comments of kernel self tests, below time stamps', () => {
    const text = [
      '[    0.060000] TAP version 14',
      '[    0.060000] 1..2',
      '[    0.060000]     # Subtest: strings',
      '[    0.060000]     1..1',
      '[    0.060000]     ok 1 - empty',
      '[    0.060000] something else says hello',
      '[    0.060000] ok 1 - strings',
      '# TAP version 13',
      '# 1..1',
      '# # a comment: ok 7 no result',
      '# not ok 1 get size # TIMEOUT 45 seconds',
      'not ok 2 selftests: size # exit=1',
    ].join('\n');
    expect(lines(read('ktap', text).nodes)).toEqual([
      'strings: pass',
      '  empty: pass',
      'selftests: size # exit=1: fail',
      '  get size: timeout (45 seconds)',
    ]);
  });
});
