import { afterEach, describe, expect, it } from 'vitest';
import { cleanUpSessions, makeSession, processesOf, until } from './lib/session.ts';

afterEach(cleanUpSessions);

/** A test module: plain JavaScript, as a bundle holds it. */
function testModule(body: string): string {
  return `export default { name: 'inline', ${body} };\n`;
}

describe('a client control file', () => {
  it('runs tests in groups and records them as a tree', async () => {
    const session = makeSession({
      run: `await job.group('outer', async () => {
              await job.runTest('sleep', { seconds: 0.01 });
              await job.runTest('sleep', { seconds: 0.01 });
              await job.group('inner', () => job.runTest('sleep', { seconds: 0.01 }, { tag: 'x' }));
            });
            await job.parallel({ a: () => job.runTest('sleep', { seconds: 0.05 }), b: () => job.runTest('sleep', { seconds: 0.01 }) });
            job.record('warn', 'note', 'look here');`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes().toSorted()).toEqual(
      [
        'outer: pass',
        'outer/sleep: pass',
        'outer/sleep#2: pass',
        'outer/inner: pass',
        'outer/inner/sleep.x: pass',
        'a: pass',
        'a/sleep: pass',
        'b: pass',
        'b/sleep: pass',
        'note: warn',
      ].toSorted(),
    );
    expect(session.tree().jobEnd?.outcome).toBe('warn');
    expect(session.tree().end?.exitClass).toBe('clean');
    expect(session.file('sleep/debug/output.log')).toContain('sleeping for 0.01 s');
    expect(session.file('sleep/keyval')).toContain('param-seconds=0.01');
  });

  it('is told of missing tests, wrong arguments and failing commands by outcomes, and goes on', async () => {
    const session = makeSession({
      run: `await job.runTest('no-such-test');
            await job.runTest('sleep', { second: 1 });
            await job.runCommand('missing', ['/no/such/program']);
            await job.runCommand('false', ['false']);
            await job.runCommand('killed', ['sh', '-c', 'kill -9 $$']);
            await job.runCommand('true', ['true']);`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual([
      'no-such-test: error',
      'sleep: error',
      'missing: error',
      'false: fail',
      'killed: error',
      'true: pass',
    ]);
    expect(session.reason('no-such-test')).toContain('does not exist');
    expect(session.reason('sleep')).toContain("no parameter 'second'");
    expect(session.tree().end?.exitClass).toBe('testFailures');
  });

  it('ends as an error, with the place in the file, when it throws', async () => {
    const session = makeSession({
      run: `await job.runTest('sleep', { seconds: 0 });\nthrow new TypeError('oh dear');`,
    });
    expect(await session.run()).toBe(0);
    expect(session.tree().jobEnd).toMatchObject({ outcome: 'error', reason: 'Unhandled TypeError: oh dear' });
  });

  it('ends with the outcome it asks for, also where it catches', async () => {
    const completed = makeSession({ run: `try { job.complete('warn'); } catch {} await job.runTest('sleep');` });
    expect(await completed.run()).toBe(0);
    expect(completed.outcomes()).toEqual([]);
    expect(completed.tree().jobEnd?.outcome).toBe('warn');
    const aborted = makeSession({ run: `job.abort('no point');` });
    expect(await aborted.run()).toBe(1);
    expect(aborted.tree().end?.exitClass).toBe('aborted');
    expect(aborted.tree().jobEnd?.reason).toBe('no point');
  });

  it('cannot leave the journal open by ending the process', async () => {
    const session = makeSession({ run: `await job.group('g', async () => process.exit(3));` });
    await session.run();
    expect(session.outcomes()).toEqual(['g: abort']);
    expect(session.tree().end?.cause?.code).toBe('AT_CONTROL_EXIT');
  });
});

describe('a test', () => {
  it('decides its outcome by what it throws, and in which phase', async () => {
    const thrown = {
      fail: `const e = new Error('bad'); e.outcome = 'fail'; throw e;`,
      skip: `const e = new Error('not here'); e.outcome = 'skip'; throw e;`,
      warn: `const e = new Error('look'); e.outcome = 'warn'; throw e;`,
      command: `await t.runCheck(['sh', '-c', 'echo no >&2; exit 4']);`,
      bug: `undefined.x;`,
    };
    const modules = Object.fromEntries([
      ...Object.entries(thrown).map(([name, code]) => [`${name}.mjs`, testModule(`async runOnce(t) { ${code} }`)]),
      ['init.mjs', testModule(`initialize() { undefined.x; }, runOnce() {}`)],
      ['clean.mjs', testModule(`runOnce() {}, cleanup() { undefined.x; }`)],
      ['both.mjs', testModule(`runOnce() { throw new Error('first'); }, cleanup() { throw new Error('second'); }`)],
    ]);
    const session = makeSession({
      modules,
      run: Object.keys(modules)
        .map((name) => `await job.runTest('./${name}');`)
        .join('\n'),
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual([
      'fail: fail',
      'skip: skip',
      'warn: warn',
      'command: error',
      'bug: fail',
      'init: error',
      'clean: error',
      'both: fail',
    ]);
    expect(session.reason('bug')).toMatch(/^Unhandled TypeError: .*\n\s+at .*bug\.mjs/);
    expect(session.reason('both')).toContain('first');
    expect(session.reason('command')).toContain('exit code 4');
  });

  it('goes through its phases in order, with iterations, metrics and constraints', async () => {
    const session = makeSession({
      modules: {
        'phases.mjs': testModule(`
          setup(t) { t.log('PHASE setup'); }, initialize(t) { t.log('PHASE initialize'); }, warmup(t) { t.log('PHASE warmup'); },
          runOnce(t) { t.log('PHASE runOnce ' + t.iteration); t.metric({ name: 'speed', value: 10 * t.iteration, unit: 'MB/s', direction: 'higher' }); },
          postprocessIteration(t) { t.log('PHASE postprocessIteration'); t.attribute({ size: 'small' }); },
          postprocess(t) { t.log('PHASE postprocess'); }, cleanup(t) { t.log('PHASE cleanup'); }`),
      },
      run: `await job.runTest('./phases.mjs', {}, { iterations: 2, constraints: ['speed >= 15', "size == 'small'"] });
            await job.runTest('./phases.mjs', {}, { tag: 'again', iterations: 0 });`,
    });
    expect(await session.run()).toBe(0);
    const phases = (name: string): string[] =>
      [...session.file(`${name}/debug/output.log`).matchAll(/PHASE (.*)/g)].map(([, phase]) => phase ?? '');
    expect(phases('phases')).toEqual([
      'initialize',
      'setup',
      'warmup',
      'runOnce 1',
      'postprocessIteration',
      'runOnce 2',
      'postprocessIteration',
      'postprocess',
      'cleanup',
    ]);
    // Set up by version: not again.
    expect(phases('phases.again')).toEqual(['initialize', 'warmup', 'postprocess', 'cleanup']);
    expect(session.outcomes()).toEqual(['phases: fail', 'phases.again: pass']);
    expect(session.reason('phases')).toBe('iteration 1: speed >= 15: constraint was not met (speed = 10)');
    expect(
      session
        .tree()
        .node('phases')
        ?.iterations.map(({ metrics }) => metrics[0]?.value),
    ).toEqual([10, 20]);
    expect(session.file('phases/results/keyval')).toBe(
      'size{attr}=small\nspeed{perf}=10\n\nsize{attr}=small\nspeed{perf}=20\n\n',
    );
  });

  it('is ended at its timeout with everything it started, and cleans up', async () => {
    const session = makeSession({
      modules: {
        'hang.mjs':
          testModule(`async runOnce(t) { void t.run('setsid sleep 600 & sleep 600'); await new Promise(() => setInterval(() => {}, 1000)); },
          async cleanup(t) { await t.runCheck('echo cleaned up'); }`),
      },
      run: `await job.runTest('./hang.mjs', {}, { timeout: 400 });
            await job.runCommand('slow', ['sleep', '600'], { timeout: 200 });`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual(['hang: timeout', 'slow: timeout']);
    expect(session.file('hang/debug/output.log')).toContain('cleaned up');
    expect(processesOf(session.dir)).toBe(0);
  });

  it('that crashes, exits or is killed is an error, and the next one runs', async () => {
    const session = makeSession({
      modules: {
        'exit.mjs': testModule(`runOnce() { process.exit(7); }`),
        'kill.mjs': testModule(
          `runOnce() { process.kill(process.pid, 'SIGKILL'); return new Promise(() => setInterval(() => {}, 1000)); }`,
        ),
        'abort.mjs': testModule(`runOnce() { process.abort(); }`),
        'stray.mjs': testModule(
          `async runOnce() { setTimeout(() => { throw new Error('stray'); }, 10); await new Promise((r) => setTimeout(r, 5000)); }`,
        ),
        'none.mjs': `export const nothing = 1;`,
      },
      run: `for (const name of ['exit', 'kill', 'abort', 'stray', 'none']) await job.runTest('./' + name + '.mjs');
            await job.runTest('sleep', { seconds: 0 });`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual([
      'exit: error',
      'kill: error',
      'abort: error',
      'stray: fail',
      'none: error',
      'sleep: pass',
    ]);
    expect(session.reason('exit')).toContain('exit code 7');
    expect(session.reason('kill')).toContain('SIGKILL');
    expect(session.reason('stray')).toContain('stray');
  });

  it('may write anything, and much, to its output', async () => {
    const session = makeSession({
      modules: {
        'binary.mjs': testModule(`async runOnce(t) { await t.run(['sh', '-c', 'printf "a\\\\000\\\\377b"']); }`),
        'long.mjs': testModule(`async runOnce(t) {
          const r = await t.run("head -c 200000000 /dev/zero | tr '\\\\0' x; echo; echo the end");
          t.metric({ name: 'kept', value: r.stdout.length }); t.metric({ name: 'dropped', value: r.truncatedBytes }); }`),
      },
      run: `await job.runTest('./binary.mjs'); await job.runTest('./long.mjs');`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual(['binary: pass', 'long: pass']);
    expect(session.file('binary/debug/output.log')).toContain('a\0');
    const log = session.file('long/debug/output.log');
    expect(log.length).toBeLessThan(80_000_000);
    expect(log).toContain('bytes were dropped here');
    expect(log.trimEnd().endsWith('the end')).toBe(true);
    const values = session
      .tree()
      .node('long')
      ?.iterations[0]?.metrics.map(({ value }) => value);
    expect(values?.[0]).toBe(1024 * 1024);
    expect((values?.[0] ?? 0) + (values?.[1] ?? 0)).toBe(200_000_009);
  });

  it('leaves nothing running, wherever its processes put themselves', async () => {
    const session = makeSession({
      modules: {
        'daemon.mjs': testModule(
          `async runOnce(t) { await t.run('setsid sleep 600 >/dev/null 2>&1 & (sleep 601 >/dev/null 2>&1 &) ; true'); }`,
        ),
      },
      run: `await job.runTest('./daemon.mjs'); await job.run('setsid sleep 602 >/dev/null 2>&1 &');`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual(['daemon: pass']);
    expect(processesOf(session.dir)).toBe(0);
  });

  it('cannot break the journal by what it says', async () => {
    const session = makeSession({
      modules: {
        'huge.mjs': testModule(
          `runOnce(t) { t.keyval({ x: 'y'.repeat(3_000_000) }); return new Promise((r) => setTimeout(r, 60_000)); }`,
        ),
        'talk.mjs': testModule(`runOnce() { throw new Error('z'.repeat(3_000_000)); }`),
        'lie.mjs': testModule(
          `runOnce() { process.send({ type: 'record', below: [], body: { kind: 'end', exitClass: 'clean' } }); process.send('what'); }`,
        ),
        'names.mjs': testModule(
          `async runOnce(t) { await t.subtest('../../etc\\n\\u0000/' + 'n'.repeat(100_000), () => {}); }`,
        ),
      },
      run: `for (const name of ['huge', 'talk', 'lie', 'names']) await job.runTest('./' + name + '.mjs');
            await job.runTest('sleep', { seconds: 0 }, { tag: '../../up\\n\\u0000' });
            const deep = (n) => (n === 0 ? undefined : job.group('d', () => deep(n - 1)));
            await deep(100).catch((error) => job.record('pass', error.code));
            await job.group('g', async () => job.keyval({ x: 'y'.repeat(3_000_000) })).catch((error) => job.record('pass', error.code));`,
    });
    expect(await session.run()).toBe(0);
    const outcomes = session.outcomes();
    expect(outcomes.slice(0, 3)).toEqual(['huge: error', 'talk: fail', 'lie: pass']);
    expect(session.reason('huge')).toContain('3000');
    expect(outcomes).toContain('AT_TOO_DEEP: pass');
    expect(outcomes).toContain('AT_RECORD_TOO_LARGE: pass');
    expect(session.records().map(({ seq }) => seq)).toEqual(session.records().map((_, index) => index + 1));
    expect(session.records().filter(({ kind }) => kind === 'problem')).toHaveLength(2);
    expect(session.tree().end?.exitClass).toBe('testFailures');
  });

  it('records subtests as nodes below it', async () => {
    const session = makeSession({
      modules: {
        'sub.mjs': testModule(`async runOnce(t) {
          await t.subtest('good', () => 1);
          await t.subtest('outer', async () => { await t.subtest('inner', () => { throw new Error('no'); }).catch(() => {}); });
          await t.subtest('good', () => 2);
          await t.artifact('keyval'); }`),
      },
      run: `await job.runTest('./sub.mjs');`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual([
      'sub: pass',
      'sub/good: pass',
      'sub/outer: pass',
      'sub/outer/inner: fail',
      'sub/good#2: pass',
    ]);
  });
});

describe('limits of a job', () => {
  it('end it as timed out when its time is over or nothing happens any more', async () => {
    const late = makeSession({
      run: `await job.runTest('sleep', { seconds: 600 });`,
      spec: { deadlineAt: Date.now() + 1500 },
    });
    expect(await late.run()).toBe(1);
    expect(late.tree().end?.exitClass).toBe('timedOut');
    expect(late.outcomes()).toEqual(['sleep: abort']);
    const idle = makeSession({ run: `await job.run('sleep 600');`, spec: { idleTimeoutMs: 300 } });
    expect(await idle.run()).toBe(1);
    expect(idle.tree().end?.exitClass).toBe('timedOut');
  });

  it('let stop end it: tests are aborted, and the journal says by whom', async () => {
    const session = makeSession({ run: `await job.runTest('sleep', { seconds: 600 });` });
    session.start();
    await until(
      () => session.has('sleep/debug/output.log') && session.file('sleep/debug/output.log') !== '',
      'it runs',
    );
    expect(session.command('stop', '--reason', 'aborted by alice')).toMatchObject({ stopped: true });
    expect(session.outcomes()).toEqual(['sleep: abort']);
    expect(session.reason('sleep')).toBe('aborted by alice');
    expect(session.tree().end?.exitClass).toBe('aborted');
    expect(session.command('start')).toMatchObject({ running: false, resumed: true, exitCode: 1 });
  });
});
