import { afterEach, describe, expect, it } from 'vitest';
import { cleanUpSessions, makeSession } from './lib/session.ts';

afterEach(cleanUpSessions);

describe('an executable as a test', () => {
  it('gives its TAP as a tree: real output of the test runner of Node', async () => {
    const session = makeSession({
      modules: {
        'suite.test.mjs': `import { describe, it } from 'node:test';
          describe('outer', () => { it('works'); it('is skipped', { skip: 'not here' }, () => {}); });
          it('fails', () => { throw new Error('expected'); });`,
      },
      run: `const file = new URL('./suite.test.mjs', import.meta.url).pathname;
            await job.runCommand('unit', [process.execPath, '--test', '--test-reporter=tap', file], { format: 'tap' });`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual([
      'unit: fail',
      'unit/outer: pass',
      'unit/outer/works: pass',
      'unit/outer/is skipped: skip',
      'unit/fails: fail',
    ]);
    expect(session.reason('unit')).toBe('1 skip, 1 fail of 3');
    expect(session.file('unit/debug/output.log')).toContain('not ok');
  });

  it('reads JUnit from the file it writes', async () => {
    const session = makeSession({
      run: `await job.runCommand('x', ['sh', '-c', 'echo "<testsuite name=\\\\"s\\\\"><testcase name=\\\\"a\\\\"/></testsuite>" > out.xml'],
              { format: 'junit', resultFile: 'out.xml' });
            await job.runCommand('none', ['true'], { format: 'junit', resultFile: 'none.xml' });`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes().slice(0, 3)).toEqual(['x: pass', 'x/s: pass', 'x/s/a: pass']);
    expect(session.outcomes()).toContain('none/result file: error');
    expect(session.tree().node('none')?.outcome).toBe('error');
  });

  it('is an error when its results and its exit code do not fit', async () => {
    const session = makeSession({
      run: `await job.runCommand('liar', ['sh', '-c', 'echo 1..1; echo ok 1 - a; exit 3'], { format: 'tap' });
            await job.runCommand('other', ['true'], { format: 'subunit' });`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual(['liar: error', 'liar/a: pass', 'other: error']);
    expect(session.reason('liar')).toBe('exit code 3, although the results say 1 pass');
    expect(session.reason('other')).toContain('Use exit, tap, ktap or junit');
  });

  it('is told where it runs by its environment', async () => {
    const session = makeSession({
      run: `await job.group('g', () => job.runCommand('env', ['sh', '-c', 'echo $CI $JOB_ID $TEST_ID $ATTEMPT $RESULT_DIR $MINE'], { env: { MINE: 'x y' }, tag: 't' }));`,
      spec: { job: { id: 12, name: 'n', owner: 'o', keyvals: {} } },
    });
    expect(await session.run()).toBe(0);
    expect(session.file('env.t/debug/output.log')).toBe(`true 12 g/env.t 1 ${session.resultsDir}/env.t x y\n`);
  });
});
