import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { cleanUpSessions, makeSession, processesOf, until } from './lib/session.ts';

afterEach(cleanUpSessions);

describe('a client that is killed', () => {
  const run = `await job.runTest('sleep', { seconds: 0 }, { tag: 'before' });
    const made = await job.step('made', () => ({ random: Math.random() }));
    job.keyval({ made: made.random });
    await job.group('g', async () => { await job.runTest('sleep', { seconds: job.state.has('x') ? 0 : 600 }, { tag: 'long', timeout: '1 hour' }); });
    await job.runTest('sleep', { seconds: 0 }, { tag: 'after' });`;

  it('goes on behind the interrupted test when it is started again, and does nothing twice', async () => {
    const session = makeSession({ run });
    session.start();
    await until(() => session.outcomes().includes('g/sleep.long: running'), 'the long test runs');
    await session.killClient();
    const before = session.records();
    expect(session.start()).toMatchObject({ running: true, resumed: true });
    expect(await session.ended()).toBe(0);
    expect(session.outcomes()).toEqual(['sleep.before: pass', 'g: abort', 'g/sleep.long: abort', 'sleep.after: pass']);
    expect(session.reason('g/sleep.long')).toBe('the client was killed while the test ran');
    const records = session.records();
    expect(records.slice(0, before.length)).toEqual(before);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
    expect(records.filter(({ kind }) => kind === 'keyval')).toHaveLength(1);
    expect(records.filter(({ kind }) => kind === 'boot')).toHaveLength(2);
    expect(records.filter(({ kind, scope }) => kind === 'node.start' && scope[0] === 'sleep.before')).toHaveLength(1);
    expect(session.tree().end?.exitClass).toBe('testFailures');
    expect(processesOf(session.dir)).toBe(0);
  });

  it('runs the interrupted test again where the control file says so', async () => {
    const session = makeSession({
      onUnexpectedReboot: 'retry',
      modules: {
        'once.mjs': `import { existsSync, writeFileSync } from 'node:fs';
          export default { name: 'once', async runOnce(t) {
            const seen = t.outputDir + '/../../seen';
            if (existsSync(seen)) return;
            writeFileSync(seen, '');
            await new Promise((resolve) => setTimeout(resolve, 600_000)); } };`,
      },
      run: `await job.runTest('./once.mjs');`,
    });
    session.start();
    await until(() => session.has('../seen'), 'the test runs');
    await session.killClient();
    session.start();
    expect(await session.ended()).toBe(0);
    expect(session.outcomes()).toEqual(['once: pass']);
    expect(session.tree().node('once')).toMatchObject({ attempt: 2, subdir: 'once.2' });
    expect(session.records().filter(({ kind }) => kind === 'node.end')).toMatchObject([
      { outcome: 'abort' },
      { outcome: 'pass' },
    ]);
  });

  it('ends the job where the control file says so', async () => {
    const session = makeSession({ run, onUnexpectedReboot: 'stop' });
    session.start();
    await until(() => session.outcomes().includes('g/sleep.long: running'), 'the long test runs');
    await session.killClient();
    session.start();
    await session.ended();
    expect(session.outcomes()).toEqual(['sleep.before: pass', 'g: abort', 'g/sleep.long: abort']);
    expect(session.tree().jobEnd?.outcome).toBe('abort');
  });

  it('goes on behind a journal whose last line is torn', async () => {
    const session = makeSession({ run });
    session.start();
    await until(() => session.outcomes().includes('g/sleep.long: running'), 'the long test runs');
    await session.killClient();
    appendFileSync(join(session.resultsDir, 'journal.ndjson'), '{"v":1,"seq":99,"t":1,"epo');
    session.start();
    expect(await session.ended()).toBe(0);
    expect(session.outcomes()).toContain('sleep.after: pass');
  });
});

describe('a reboot', () => {
  it('of the control file is passed once, and the next line runs behind it', async () => {
    const session = makeSession({
      run: `const first = await job.step('pid', () => process.pid);
            await job.runTest('sleep', { seconds: 0 });
            await job.reboot();
            job.keyval({ same: first === process.pid, recorded: first });
            await job.group('g', () => job.reboot({ tag: 'again' }));
            await job.runTest('sleep', { seconds: 0 });`,
    });
    session.start();
    expect(await session.ended()).toBe(5);
    session.start();
    expect(await session.ended()).toBe(5);
    session.start();
    expect(await session.ended()).toBe(0);
    expect(session.outcomes()).toEqual(['sleep: pass', 'g: pass', 'sleep#2: pass']);
    expect(session.tree().keyvals.same).toBe(false);
    const reboots = session.records().filter((record) => record.kind === 'reboot');
    expect(reboots.map(({ event }) => event)).toEqual(['start', 'verify', 'end', 'start', 'verify', 'end']);
  });

  it('warns when the machine comes back different', async () => {
    const session = makeSession({
      run: `await job.reboot(); await job.runTest('sleep', { seconds: 0 }); await job.reboot();`,
    });
    session.start();
    expect(await session.ended()).toBe(5);
    writeFileSync(join(session.dir, 'before-reboot.json'), JSON.stringify({ cpus: 4096, mounts: ['/dev/gone /data'] }));
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual(['reboot.verify_config: warn', 'sleep: pass']);
    expect(session.reason('reboot.verify_config')).toMatch(
      /4096 CPUs became \d+; no longer mounted: \/dev\/gone \/data/,
    );
    expect(session.tree().jobEnd?.outcome).toBe('warn');
  });

  it('inside a test starts it again with a higher boot, its steps recorded', async () => {
    const session = makeSession({
      modules: {
        'boots.mjs': `export default { name: 'boots', async runOnce(t) {
          const first = await t.step('first', () => t.boot);
          await t.step('nothing', () => {});
          const failed = await t.step('fails', () => { throw new RangeError('on boot ' + t.boot); }).catch((e) => e.name + ' ' + e.message);
          t.log('boot ' + t.boot + ' first ' + first + ' ' + failed);
          if (t.boot < 2) await t.reboot();
          t.metric({ name: 'boots', value: t.boot }); } };`,
      },
      run: `await job.runTest('./boots.mjs', {}, { timeout: '1 minute' });`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual(['boots: pass']);
    expect(session.tree().node('boots')?.iterations).toMatchObject([
      { index: 1, metrics: [{ name: 'boots', value: 2 }] },
    ]);
    const log = session.file('boots/debug/output.log');
    for (const boot of [0, 1, 2]) expect(log).toContain(`boot ${boot} first 0 RangeError on boot 0`);
  });

  it('is refused while other tests run', async () => {
    const session = makeSession({
      run: `await job.parallel({ a: () => job.runTest('sleep', { seconds: 1 }), b: () => job.reboot() });`,
    });
    expect(await session.run()).toBe(0);
    expect(session.outcomes()).toEqual(['a: pass', 'a/sleep: pass', 'b: error']);
    expect(session.tree().jobEnd?.reason).toContain('would interrupt a/sleep');
  });

  it('that nobody asked for (SIGTERM without a stop) leaves the journal open to go on', async () => {
    const session = makeSession({
      run: `await job.runTest('sleep', { seconds: 600 }); await job.runTest('sleep', { seconds: 0 }, { tag: 'b' });`,
    });
    session.start();
    await until(() => session.outcomes().includes('sleep: running'), 'it runs');
    process.kill(session.client()!.pid, 'SIGTERM');
    expect(await session.ended()).toBe(5);
    expect(session.outcomes()).toEqual(['sleep: running']);
    session.start();
    await session.ended();
    expect(session.outcomes()).toEqual(['sleep: abort', 'sleep.b: pass']);
  });
});

describe('a control file that is not deterministic', () => {
  it('is ended with both steps and their places named', async () => {
    const session = makeSession({
      run: `await job.run('true');
            if (job.resultsDir && process.env.never === undefined && (await import('node:fs')).existsSync(job.resultsDir + '/../second'))
              await job.run('false');
            await job.reboot();`,
    });
    session.start();
    expect(await session.ended()).toBe(5);
    writeFileSync(join(session.dir, 'second'), '');
    session.start();
    await session.ended();
    const { cause } = session.tree().end!;
    expect(cause?.code).toBe('AT_CONTROL_DIVERGED');
    expect(cause?.message).toMatch(
      /recorded was reboot:#2 \(control\.mjs:5\), now came run:false#2 \(control\.mjs:4\)/,
    );
    expect(session.tree().jobEnd?.outcome).toBe('error');
  });
});

describe('follow', () => {
  it('streams every file, and goes on by offset where a stream broke', async () => {
    const session = makeSession({
      modules: {
        'writer.mjs': `export default { name: 'writer', async runOnce(t) {
          for (let i = 0; i < 200; i++) { t.log('line ' + i + ' ' + 'x'.repeat(500)); await new Promise((r) => setTimeout(r, 5)); } } };`,
      },
      run: `await job.runTest('./writer.mjs'); job.keyval({ done: true });`,
    });
    session.start();
    const path = 'writer/debug/output.log';
    const first = await session.follow({}, ({ files }) => (files.get(path)?.length ?? 0) > 5000);
    expect(first.end).toBeUndefined();
    const have = Object.fromEntries([...first.files].map(([name, data]) => [name, data.length]));
    const second = await session.follow(have);
    expect(second.end).toEqual({ type: 'end', exitCode: 0 });
    for (const name of [path, 'journal.ndjson', 'writer/keyval', 'debug/client.log']) {
      const joined = Buffer.concat([
        first.files.get(name) ?? Buffer.alloc(0),
        second.files.get(name) ?? Buffer.alloc(0),
      ]);
      expect(joined.toString(), name).toBe(session.file(name));
    }
    // Nothing is left to send.
    const all = { ...have };
    for (const [name, data] of second.files) all[name] = (all[name] ?? 0) + data.length;
    const third = await session.follow(all);
    expect(third.frames.filter(({ type }) => type === 'data')).toEqual([]);
  });

  it('sends a file anew that was replaced, and refuses links and odd names', async () => {
    const session = makeSession({ run: `await job.runTest('sleep', { seconds: 0 });` });
    expect(await session.run()).toBe(0);
    const file = (name: string): string => join(session.resultsDir, name);
    mkdirSync(file('many/deep'), { recursive: true });
    writeFileSync(file('replaced'), 'the first text');
    writeFileSync(file('many/deep/new\nline "quoted"'), 'odd');
    writeFileSync(Buffer.concat([Buffer.from(file('bad-')), Buffer.from([0xff])]), 'x');
    symlinkSync('/etc/passwd', file('link'));
    for (let i = 0; i < 3000; i++) writeFileSync(file(`many/f${i}`), String(i));
    const first = await session.follow();
    expect(first.files.get('replaced')?.toString()).toBe('the first text');
    expect(first.files.get('many/deep/new\nline "quoted"')?.toString()).toBe('odd');
    expect(first.files.get('many/f2999')?.toString()).toBe('2999');
    expect(first.files.has('link')).toBe(false);
    const refused = first.frames.filter((frame) => frame.type === 'refused').map(({ path }) => path);
    expect(refused.toSorted()).toEqual(['bad-\ufffd', 'link']);
    writeFileSync(file('replaced.new'), 'another text of more bytes');
    renameSync(file('replaced.new'), file('replaced'));
    const have = Object.fromEntries([...first.files].map(([name, data]) => [name, data.length]));
    const second = await session.follow(have);
    expect(second.frames.filter(({ type }) => type === 'data')).toMatchObject([
      { path: 'replaced', offset: 0, replace: true, length: 26 },
    ]);
  });
});
