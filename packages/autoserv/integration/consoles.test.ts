import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { missingService, startSshd, type Sshd } from '@autotest/core/testing';
import { startConsoleServer, type ConsoleServer } from './console-server.ts';
import { clientControl, eventually, Lab, serverControl, sshHost, type Run } from './support.ts';

const panic = [
  '[   12.345678] sysrq: Trigger a crash',
  '[   12.345700] Kernel panic - not syncing: sysrq triggered crash',
  '[   12.345800] CPU: 0 PID: 1 Comm: sh Not tainted 6.1.0 #1',
  '[   12.345900] Call Trace:',
  '[   12.346000]  <TASK>',
  '[   12.346100]  panic+0x107/0x2b3',
  '[   12.346200] ---[ end Kernel panic - not syncing: sysrq triggered crash ]---',
  '',
].join('\r\n');

describe.skipIf(missingService('sshd'))('a host with a console', () => {
  let sshd: Sshd;
  let lab: Lab;
  let server: ConsoleServer;
  beforeAll(async () => {
    sshd = await startSshd({ hosts: 2 });
  });
  afterAll(() => sshd?.close());
  beforeEach(async () => {
    lab = new Lab();
    server = await startConsoleServer({ at: join(lab.dir, 'console') });
  });
  afterEach(async () => {
    await lab.dispose();
    await server.close();
  });

  /** Hosts, the first of them with a console. */
  const hosts = (count = 1, console = server.url) =>
    sshd.hosts.slice(0, count).map((one, index) => {
      const spec = sshHost(one);
      return index > 0 ? spec : { ...spec, attributes: { ...spec.attributes, console } };
    });
  /** A line for the host, and a command of a control file, that end when the console was told. */
  const untilTold = () => `until [ -e ${join(lab.dir, 'told')} ]; do sleep 0.1; done`;
  const waits = () => `await job.runCommand('wait', ['sh', '-c', '${untilTold()}']);`;
  const tell = async (run: Run, text: string) => {
    await eventually('a connection', () => server.connections > 0 || undefined);
    server.write(text);
    const lastLine = text.trim().split('\r\n').at(-1) ?? '';
    await eventually(
      'the text in the log',
      () => run.read('debug/console.test-host-1.log').includes(lastLine) || undefined,
    );
    writeFileSync(join(lab.dir, 'told'), '');
  };
  const begun = (run: Run, name: string) =>
    run.until(`the start of ${name}`, (record) => record.kind === 'node.start' && record.scope.at(-1) === name);

  test('has its panic in the test that ran then, which fails for it', async () => {
    const run = await lab.run({
      files: {
        'control.ts': clientControl(`await job.runTest('sleep', { seconds: 0 }); ${waits()}`),
      },
      hosts: hosts(),
    });
    await begun(run, 'wait');
    await tell(run, panic);
    expect((await run.ended).exitCode, run.log()).toBe(1);
    expect(run.tree().node('wait')).toMatchObject({
      outcome: 'fail',
      originalOutcome: 'pass',
      reason: expect.stringContaining('Kernel panic - not syncing: sysrq triggered crash'),
      keyvals: { 'console-KernelPanic': 1 },
    });
    expect(run.tree().node('sleep')?.outcome).toBe('pass');
    const [hit] = run.of('node.result');
    expect(hit).toMatchObject({
      scope: ['wait', 'console: Kernel panic'],
      outcome: 'fail',
      fields: { host: 'test-host-1', type: 'KernelPanic' },
    });
    expect(run.read(hit?.fields?.file ?? '')).toContain('panic+0x107/0x2b3');
    expect(run.read('debug/console.test-host-1.log')).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z \[ {3}12\.345700\] Kernel panic/m,
    );
    expect(run.read('status.log')).toMatch(/FAIL\twait\tconsole: Kernel panic/);
  });

  test.each([
    ['its control file', `job.warnings.disable('KernelPanic'); WAIT job.warnings.enable('KernelPanic');`, 'wait'],
    ['the test itself', `await job.runTest('./quiet.ts');`, 'quiet'],
  ])('has no result of a report that %s disabled', async (_, body, name) => {
    const quiet = `import { defineTest } from '@autotest/core';
      export default defineTest({ name: 'quiet', doc: 'A test.', async runOnce(t) {
        t.warnings.disable('KernelPanic');
        await t.run('${untilTold()}');
      } });`;
    const run = await lab.run({
      files: { 'control.ts': clientControl(body.replace('WAIT', waits())), 'quiet.ts': quiet },
      hosts: hosts(),
    });
    await begun(run, name);
    await run.until('the word of the test', ({ kind }) => kind === 'warnings');
    await tell(run, panic);
    expect((await run.ended).exitCode, run.log()).toBe(0);
    expect(run.tree().node(name)?.outcome).toBe('pass');
    expect(run.of('node.result')).toEqual([]);
    expect(run.read('debug/console.test-host-1.log')).toContain('Kernel panic');
  });

  test('waits, types and reads for a server control file, and comes back after it was lost', async () => {
    const body = `
      const [host] = job.hosts;
      await host.console.send('\\r');
      const first = await host.console.expect(/login: $/);
      await host.console.send('root\\r');
      const second = await host.console.expect(/# /, '30 seconds');
      const late = await host.console.expect(/never/, '200 ms').catch((error) => error.code);
      job.keyval({ first, second, late, log: await host.console.log() });
    `;
    const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: hosts() });
    await eventually('a return', () => server.typed.includes('\r') || undefined);
    server.write('Debian\r\n\r\nh1 login: ');
    await eventually('the name', () => server.typed.includes('root\r') || undefined);
    server.drop();
    await eventually('a new connection', () => server.connections > 0 || undefined);
    server.write('\u001b[1mh1\u001b[0m# ');
    expect((await run.ended).exitCode, run.log()).toBe(0);
    expect(run.tree().keyvals).toMatchObject({ first: 'login: ', second: '# ', late: 'AT_CONSOLE_TIMEOUT' });
    expect(run.tree().keyvals.log).toContain(' h1 login: \n');
    const told = run.of('info').map(({ message }) => message);
    expect(told).toEqual(
      expect.arrayContaining([expect.stringMatching(/connected to unix/), expect.stringMatching(/lost: /)]),
    );
  });

  test('keeps its own reports where several hosts run, and rules of the lab count', async () => {
    const rules = join(lab.dir, 'rules.json');
    writeFileSync(rules, JSON.stringify([{ name: 'Fan', pattern: 'fan [0-9]+ failed', severity: 'warn' }]));
    const run = await lab.run({
      files: { 'control.ts': clientControl(waits()) },
      hosts: hosts(2),
      env: { AUTOTEST_CONSOLE_RULES: rules },
    });
    await run.until('the first', (r) => r.kind === 'node.start' && r.scope.join('/') === 'test-host-1/wait');
    await tell(run, 'fan 3 failed\r\n');
    expect((await run.ended).exitCode, run.log()).toBe(0);
    expect(run.tree().node('test-host-1/wait')?.outcome).toBe('warn');
    expect(run.tree().node('test-host-1/wait/console: Fan')?.outcome).toBe('warn');
    expect(run.tree().node('test-host-2/wait')?.outcome).toBe('pass');
  });

  test('that cannot be reached is noted, and nothing else', async () => {
    const run = await lab.run({
      files: { 'control.ts': clientControl(`await job.runTest('sleep', { seconds: 0 });`) },
      hosts: hosts(1, `unix://${join(lab.dir, 'nowhere')}`),
    });
    expect((await run.ended).exitCode, run.log()).toBe(0);
    expect(run.of('info')[0]?.message).toMatch(/cannot be reached at unix/);
    expect(existsSync(join(run.resultsDir, 'debug/console.test-host-1.log'))).toBe(true);
    expect(readFileSync(join(run.resultsDir, 'status.log'), 'utf8')).toContain('cannot be reached');
  });

  test('has its panic where a server control file runs a command, and outside of tests at the job', async () => {
    const body = `
      await job.hosts[0].console.send('ready\\r');
      await job.hosts[0].run('${untilTold()}');
      job.hosts[0].power.on().catch((error) => job.keyval({ code: error.code, why: error.message }));
      await job.step('wait', () => new Promise((resolve) => setTimeout(resolve, 100)));
    `;
    const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: hosts() });
    await eventually('the host', () => server.typed.includes('ready') || undefined);
    await tell(run, panic);
    expect((await run.ended).exitCode, run.log()).toBe(1);
    expect(run.of('node.result')).toMatchObject([{ scope: ['console: Kernel panic'], outcome: 'fail' }]);
    expect(run.tree().keyvals).toMatchObject({
      'console-KernelPanic': 1,
      code: 'AT_NOT_SUPPORTED',
      why: expect.stringContaining('Set its attribute power'),
    });
  });
});
