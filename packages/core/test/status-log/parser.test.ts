import { describe, expect, it } from 'vitest';
import { StatusParserV1, type StatusParserOptions } from '../../src/status-log/parser.ts';
import type { ClassicProblem, StatusLogSummary, StatusVerdict } from '../../src/status-log/verdict.ts';

interface Outcome {
  rows: string[];
  tests: StatusVerdict[];
  started: StatusVerdict[];
  problems: ClassicProblem[];
  summary: StatusLogSummary;
}

/** Lines with `>` for a TAB; ` @5 ` stands for the fields of second 5. Rows are `parent/name STATUS reason`. */
function parse(log: string, options: StatusParserOptions = {}): Outcome {
  const tests: StatusVerdict[] = [];
  const started: StatusVerdict[] = [];
  const problems: ClassicProblem[] = [];
  const parser = new StatusParserV1(
    {
      onTest: (test) => tests.push(test),
      onStart: (test) => started.push(test),
      onProblem: (problem) => problems.push(problem),
    },
    options,
  );
  for (const line of log.split('\n')) {
    parser.feed(
      line
        .trimStart()
        .replaceAll('>', '\t')
        .replace(/@(\d+)/, 'timestamp=$1\tlocaltime=x'),
    );
  }
  const summary = parser.end();
  tests.sort((a, b) => a.id - b.id);
  const names = new Map(tests.map((test) => [test.id, test.testname]));
  const rows = tests.map((test) => {
    const parent = test.parent === null ? '' : `${names.get(test.parent)}/`;
    return `${parent}${test.testname} ${test.status} ${test.reason}`.trim();
  });
  return { rows, tests, started, problems, summary };
}

describe('tests and jobs', () => {
  it('gives a test with its times, directory and reason, after saying that it runs', () => {
    const { tests, started, problems } = parse(`START>dir>name>@1>
      >FAIL>dir>name>@2>it broke
      END FAIL>dir>name>@3>`);
    expect(tests).toEqual([
      {
        id: 1,
        parent: null,
        subdir: 'dir',
        testname: 'name',
        status: 'FAIL',
        reason: 'it broke',
        kernel: { base: 'UNKNOWN', patches: [] },
        started: 1,
        finished: 3,
      },
    ]);
    expect(started).toMatchObject([{ id: 1, status: 'RUNNING', finished: null }]);
    expect(problems).toEqual([]);
  });

  it('does not fail a client job because of its tests, and numbers client jobs', () => {
    const { rows } = parse(`START>---->---->@1>
      >START>t>t>@1>
      >>FAIL>t>t>@1>x
      >END FAIL>t>t>@1>
      END GOOD>---->---->@2>
      START>---->---->@3>
      END ABORT>---->---->@4>client died`);
    expect(rows).toEqual(['CLIENT_JOB.0 GOOD', 't FAIL x', 'CLIENT_JOB.1 ABORT client died']);
  });

  it('takes the last nameless line after the last test for the reason of a client job', () => {
    const { rows } = parse(`START>---->---->@1>
      >WARN>---->---->@1>before
      >START>t>t>@1>
      >>GOOD>t>t>@1>fine
      >END GOOD>t>t>@1>
      >WARN>---->---->@1>network lost
      >WARN>---->---->@1>network lost again
      END ABORT>---->---->@2>client died`);
    expect(rows).toEqual(['CLIENT_JOB.0 ABORT network lost again', 't GOOD fine']);
  });

  it('joins reasons that are at least as bad as the worst before, sorted, without those inside of others', () => {
    const { rows } = parse(`START>t>t>@1>
      >WARN>---->---->@1>z warning
      >FAIL>t>t>@1>broke
      >FAIL>t>t>@1>it broke
      >GOOD>t>t>@1>completed
      END FAIL>t>t>@1>`);
    expect(rows).toEqual(['t FAIL it broke, z warning']);
  });

  it('names a test after its directory where it has no name of its own', () => {
    expect(parse('START>dir>---->@1>\nEND GOOD>dir>---->@2>').rows).toEqual(['dir GOOD']);
  });

  it('gives each line between tests its own status', () => {
    const { rows } = parse(`WARN>---->---->@1>a warning
      GOOD>---->op1>@1>fine
      TEST_NA>---->op2>@1>not here
      GOOD>---->op3>@1>fine`);
    expect(rows).toEqual(['op1 GOOD fine', 'op2 TEST_NA not here', 'op3 GOOD fine']);
  });

  it('keeps a message that looks like a field', () => {
    expect(parse('GOOD>---->op>@1>a=b').rows).toEqual(['op GOOD a=b']);
  });
});

describe('groups', () => {
  it('keeps the tests inside of a group and makes the group as bad as its worst', () => {
    const { rows, tests } = parse(`START>---->g>@1>
      >GOOD>---->inner>@1>ok
      >START>t>t>@2>
      >>FAIL>t>t>@2>in group
      >END FAIL>t>t>@3>
      END GOOD>---->g>@4>`);
    expect(rows).toEqual(['g FAIL in group', 'g/inner GOOD ok', 'g/t FAIL in group']);
    expect(tests[0]).toMatchObject({ subdir: null, started: 1, finished: 4 });
  });

  it('does not take reasons of good tests for those of the group', () => {
    const { rows } = parse(`START>---->g>@1>
      >START>t>t>@1>
      >>GOOD>t>t>@1>completed successfully
      >END GOOD>t>t>@1>
      END ERROR>---->g>@1>bug in group`);
    expect(rows).toEqual(['g ERROR bug in group', 'g/t GOOD completed successfully']);
  });

  it('takes nameless groups inside of a test as part of it', () => {
    const { rows } = parse(`START>t>t>@1>
      >START>---->---->@1>
      >>GOOD>---->sysinfo.before>@1>
      >END GOOD>---->---->@1>
      >GOOD>t>t>@1>done
      END GOOD>t>t>@1>`);
    expect(rows).toEqual(['t GOOD done']);
  });

  it('makes a boot out of a reboot group and takes the kernel from its end', () => {
    const { rows, tests, summary } = parse(`START>---->reboot>@1>
      >GOOD>---->reboot.start>@1>
      >GOOD>---->reboot.verify>@2>
      END GOOD>---->reboot>patch0=http://x/p results/p abc>patch2=lost>kernel=6.6-autotest>@3>
      START>t>t>@4>
      END GOOD>t>t>@5>`);
    const kernel = { base: '6.6', patches: [{ spec: 'http://x/p', reference: 'results/p', hash: 'abc' }] };
    expect(rows).toEqual(['boot.0 GOOD', 't GOOD']);
    expect([tests[0]?.kernel, tests[1]?.kernel, summary.kernel]).toEqual([kernel, kernel, kernel]);
  });

  it('keeps the kernel from before a reboot that failed', () => {
    const { tests } = parse(`INFO>---->---->kernel=5.0>@1>
      START>---->reboot>@1>
      >ABORT>---->reboot.verify>@2>did not return
      END FAIL>---->reboot>kernel=6.6>@3>`);
    expect(tests[0]).toMatchObject({
      testname: 'boot.0',
      status: 'ABORT',
      reason: 'did not return',
      kernel: { base: '5.0' },
    });
  });
});

describe('broken logs', () => {
  it('aborts what is open at the end, deepest first, each once', () => {
    const { rows, summary, problems } = parse(
      `START>---->---->@1>
      >START>done>done>@1>
      >END GOOD>done>done>@2>
      >START>open>open>@3>`,
      { unfinishedReason: 'Job aborted by bob' },
    );
    expect(rows).toEqual(['CLIENT_JOB.0 ABORT Job aborted by bob', 'done GOOD', 'open ABORT Job aborted by bob']);
    expect(summary).toMatchObject({ unfinished: true, aborted: true, lines: 4 });
    expect(problems.map(({ line, text }) => [line, text])).toEqual([
      [4, 'open'],
      [1, 'CLIENT_JOB.0'],
    ]);
  });

  it('aborts an open group by its name', () => {
    expect(parse('START>---->grp>@1>\n>START>---->grp2>@1>').rows).toEqual([
      'grp ABORT Job aborted unexpectedly',
      'grp/grp2 ABORT Job aborted unexpectedly',
    ]);
  });

  it('aborts a test with the text of the line that shows it never ended', () => {
    const { rows } = parse(`START>---->---->@1>
      >START>t>t>@1>
      INFO>---->---->Job aborted by bob`);
    expect(rows).toEqual(['CLIENT_JOB.0 ABORT Job aborted by bob', 't ABORT Job aborted by bob']);
  });

  it('aborts the running test where a nameless END ABORT stands one step too deep', () => {
    const { rows, problems } = parse(`START>t>t>@1>
      >END ABORT>---->---->@2>client died
      >ERROR>t>t>@3>no login
      END ERROR>t>t>@3>`);
    expect(rows).toEqual(['t ABORT client died']);
    expect(problems).toHaveLength(1);
  });

  it('leaves out unknown words, deep lines and ENDs without START, and goes on', () => {
    const { rows, problems } = parse(`WEIRD>---->x>@1>what
      >>GOOD>---->deep>@1>
      END GOOD>---->never>@1>
      free text
      GOOD>---->op>@1>fine`);
    expect(rows).toEqual(['op GOOD fine']);
    expect(problems.map(({ line, why }) => `${line} ${why}`)).toEqual([
      '1 unknown status word "WEIRD"',
      '2 indented deeper than expected',
      '3 END without a START',
      '4 not a status line',
    ]);
  });

  it('reports an END that names another test, and a time that is no number', () => {
    const { rows, problems } = parse(`START>a>a>timestamp=soon>
      END GOOD>b>b>@1>`);
    expect(rows).toEqual(['a GOOD']);
    expect(problems.map(({ why }) => why)).toEqual(['time is not a whole number', 'ends "b", but "a" is open']);
  });

  it('takes the abort reason of the job from INFO lines', () => {
    const { summary } = parse('INFO>---->---->@1>job_abort_reason=old>x\nINFO>---->---->job_abort_reason=new>@2>x');
    expect(summary).toMatchObject({ abortReason: 'new', aborted: true });
  });

  it('stays bounded on a flood of broken lines and of levels', () => {
    const flood = Array.from({ length: 5000 }, (_, n) => `${'>'.repeat(n % 300)}START>d${n}>d>@1>`).join('\n');
    const { problems, summary } = parse(flood);
    expect(problems).toHaveLength(1001);
    expect(problems.at(-1)?.why).toMatch(/more problems/);
    expect(summary.unfinished).toBe(true);
  });

  it('never throws on random lines, and every test that starts ends', () => {
    const words = ['START', 'GOOD', 'FAIL', 'INFO', 'ABORT', 'END GOOD', 'END ABORT', 'END FAIL', 'X'];
    const names = ['----', 'a', 'b', 'reboot', 'reboot.start'];
    let state = 7;
    const pick = (list: readonly string[]): string => {
      state = (state * 48_271) % 2_147_483_647;
      return list[state % list.length] ?? '';
    };
    for (let round = 0; round < 300; round++) {
      const log = Array.from({ length: 40 }, () => {
        const indent = pick(['', '', '>', '>', '>>', '>>>']);
        return `${indent}${pick(words)}>${pick(names)}>${pick(names)}>${pick(['@1', '', 'kernel=1>@2', 'x'])}>${pick(['', 'm'])}`;
      }).join('\n');
      const { tests, started } = parse(log);
      const ids = tests.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(started.filter(({ id }) => !ids.includes(id))).toEqual([]);
      expect(tests.filter(({ parent }) => parent !== null && !ids.includes(parent))).toEqual([]);
    }
  });
});
