import { afterEach, describe, expect, it } from 'vitest';
import { formatTraceParent } from '@autotest/core';
import { testTrace } from '@autotest/core/node';
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

  it('is told its place in the trace of the job', async () => {
    const execution = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true };
    const session = makeSession({
      modules: { 't.mjs': `export default { name: 't', runOnce(t) { console.log(process.env.TRACEPARENT); } };` },
      run: `await job.runTest('./t.mjs');
            await job.runCommand('env', ['sh', '-c', 'echo $TRACEPARENT']);
            job.keyval({ plain: (await job.run('echo $TRACEPARENT')).stdout.trim() });`,
      spec: { trace: { parent: formatTraceParent(execution), scope: ['h1'] } },
    });
    expect(await session.run()).toBe(0);
    const ofTest = (path: string) => `${formatTraceParent(testTrace(execution, path, 1))}\n`;
    expect(session.file('t/debug/output.log')).toContain(ofTest('h1/t'));
    expect(session.file('env/debug/output.log')).toBe(ofTest('h1/env'));
    expect(session.tree().keyvals).toEqual({ plain: formatTraceParent(execution) });
  });

  it('is told the place of its execution where its own is not known, and nothing without a trace', async () => {
    const run = `await job.runCommand('env', ['sh', '-c', 'echo [$TRACEPARENT]']);`;
    const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
    const session = makeSession({ run, spec: { trace: { parent } } });
    expect(await session.run()).toBe(0);
    expect(session.file('env/debug/output.log')).toBe(`[${parent}]\n`);
    const without = makeSession({ run });
    expect(await without.run()).toBe(0);
    expect(without.file('env/debug/output.log')).toBe('[]\n');
  });
});
