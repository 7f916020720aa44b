import { describe, expect, it } from 'vitest';
import { StatusParserV0, type StatusParserV0Options } from '../../src/status-log/parser-v0.ts';
import type { ClassicProblem, StatusVerdict } from '../../src/status-log/verdict.ts';

function parse(log: string, options: StatusParserV0Options = {}) {
  const tests: StatusVerdict[] = [];
  const problems: ClassicProblem[] = [];
  const parser = new StatusParserV0(
    { onTest: (test) => tests.push(test), onProblem: (problem) => problems.push(problem) },
    options,
  );
  for (const line of log.split('\n'))
    parser.feed(
      line
        .trimStart()
        .replaceAll('>', '\t')
        .replace(/@(\d+)/, 'timestamp=$1'),
    );
  const summary = parser.end();
  tests.sort((a, b) => a.id - b.id);
  const rows = tests.map(({ testname, status, reason }) => `${testname} ${status} ${reason}`.trim());
  return { tests, rows, problems, summary };
}

describe('status logs of version 0', () => {
  it('gives a test with the reason of its END and the directory of the lines inside', () => {
    const { tests } = parse(`START>---->---->@1>
      >START>t>t>@1>
      >>FAIL>t.tag>t>@2>it broke
      >END FAIL>t>t>@3>the end
      END GOOD>---->---->@4>`);
    expect(tests).toMatchObject([
      { subdir: 't.tag', testname: 't.tag', status: 'FAIL', reason: 'the end', started: 1, finished: 3 },
    ]);
  });

  it('reads INFO lines as nothing', () => {
    expect(parse('INFO>---->---->kernel=6.1>@1>x\nGOOD>---->op>@1>fine').rows).toEqual(['op GOOD fine']);
  });

  it('makes a boot of reboot.verify, with the kernel it names', () => {
    const { rows, tests } = parse(`START>---->reboot>@1>
      >GOOD>---->reboot.start>@2>
      >GOOD>---->reboot.verify>@9> 2.6.20 
      END GOOD>---->reboot>@9>
      GOOD>---->op>@10>`);
    expect(rows).toEqual(['boot.0 GOOD  2.6.20', 'op GOOD']);
    expect(tests[0]).toMatchObject({ started: 2, finished: 9, kernel: { base: '2.6.20' } });
    expect(tests[1]?.kernel.base).toBe('2.6.20');
  });

  it('keeps the kernel of the build log over what a reboot says', () => {
    const options = { kernel: { base: '2.6.21', patches: [] }, kernelIsBuilt: true };
    expect(parse('GOOD>---->reboot.verify>@9>2.6.20', options).tests[0]?.kernel.base).toBe('2.6.21');
  });

  it('aborts a boot that never came back', () => {
    const { rows } = parse('START>---->reboot>@1>\n>GOOD>---->reboot.start>@2>');
    expect(rows).toEqual(['boot.0 ABORT machine did not return from reboot']);
  });

  it('leaves out good installs and makes a nameless ABORT the client job', () => {
    const { rows, summary } = parse(`GOOD>---->Autotest.install>@1>
      ABORT>---->---->@2>no memory`);
    expect(rows).toEqual(['CLIENT_JOB ABORT no memory']);
    expect(summary.aborted).toBe(true);
  });

  it('holds an ALERT for the next test and never makes a bad one better by it', () => {
    const { rows } = parse(`ALERT>---->---->@1>disk is full
      GOOD>---->op1>@1>fine
      GOOD>---->op2>@1>fine
      ALERT>---->---->@1>hot
      FAIL>---->op3>@1>broke`);
    expect(rows).toEqual(['op1 ALERT disk is full, fine', 'op2 GOOD fine', 'op3 FAIL broke, hot']);
  });

  it('keeps a test inside of a group apart from it', () => {
    const { tests, rows } = parse(`START>---->g>@1>
      >START>t>t>@1>
      >>GOOD>t>t>@1>fine
      >END GOOD>t>t>@1>
      END ERROR>---->g>@2>bug`);
    expect(rows).toEqual(['g ERROR bug', 't GOOD']);
    expect(tests[1]?.parent).toBe(tests[0]?.id);
  });

  it('reports tests without END and lines at a wrong indent, and goes on', () => {
    const { rows, problems } = parse(`>>GOOD>---->deep>@1>
      START>a>a>@1>
      START>b>b>@1>
      END GOOD>b>b>@2>
      START>c>c>@3>`);
    expect(rows).toEqual(['b GOOD']);
    expect(problems.map(({ text, why }) => `${text.trim()}: ${why}`)).toEqual([
      'GOOD\t----\tdeep\ttimestamp=1: indented differently than tests are',
      'a: a line with less indent came before its END',
      'c: the log ended before this did',
    ]);
  });
});
