import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { hasSshd, startSshd, type Sshd, type SshdHost } from '@autotest/core/testing';
import { clientControl, eventually, isRunning, Lab, processesWith, sshHost } from './support.ts';

let lab: Lab;
let sshd: Sshd;
let one: SshdHost;
beforeAll(async () => {
  if (!hasSshd()) return;
  sshd = await startSshd({ hosts: 1 });
  const [first] = sshd.hosts;
  if (!first) throw new Error('no host');
  one = first;
});
afterAll(() => sshd?.close());
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.dispose());

test.runIf(hasSshd())('verify passes on a fit host and says what it looked at', async () => {
  const run = await lab.run({ purpose: 'verify', hosts: [sshHost(one)] });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  const [verify, ...steps] = [...run.tree().nodes()];
  expect(verify).toMatchObject({ name: 'verify', host: one.name });
  // How busy the machine of the tests is decides on this one.
  expect(['pass', 'warn']).toContain(steps.pop()?.outcome);
  expect(steps.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    'connectivity pass',
    'boot id pass',
    'clock pass',
    'base directory pass',
    'disk space pass',
    'tools pass',
  ]);
  expect(run.read('status.log')).toMatch(/GOOD\t----\tconnectivity/);
});

test.runIf(hasSshd())('verify fails on a host without room, and says how much is missing', async () => {
  const run = await lab.run({
    purpose: 'verify',
    hosts: [sshHost(one)],
    env: { AUTOTEST_MIN_FREE_BYTES: String(2 ** 52) },
  });
  expect((await run.ended).exitCode).toBe(2);
  expect(run.of('end')).toMatchObject([{ exitClass: 'infra', cause: { code: 'AT_HOST_UNFIT' } }]);
  expect(run.tree().node('verify/disk space')).toMatchObject({ outcome: 'error' });
});

test.runIf(hasSshd())('verify fails on a host that is down', async () => {
  const run = await lab.run({ purpose: 'verify', hosts: [sshHost(one, { port: 1 })] });
  expect((await run.ended).exitCode).toBe(2);
  expect(run.of('end')).toMatchObject([{ exitClass: 'infra', cause: { code: 'AT_HOST_UNREACHABLE' } }]);
});

test.runIf(hasSshd())('repair waits for a host that comes back', async () => {
  await one.stop();
  const run = await lab.run({ purpose: 'repair', hosts: [sshHost(one)] });
  await run.until('the wait', (record) => record.kind === 'node.start' && record.name === 'wait for host');
  await one.start();
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().node('repair/wait for host')?.outcome).toBe('pass');
  expect(run.tree().node('repair')).toMatchObject({ outcome: 'pass', reason: 'repaired by: wait for host' });
  expect(run.tree().node('repair/verify')).toMatchObject({ outcome: 'warn', originalOutcome: 'fail' });
  expect(run.tree().node('repair/verify#2')?.outcome).toBe('pass');
  expect(run.tree().keyvals).toMatchObject({ repaired_by: 'wait for host' });
});

test.runIf(hasSshd())('cleanup ends what a lost session left on a host', async () => {
  const run = await lab.run({
    files: { 'control.ts': clientControl(`await job.runCommand('long', ['sleep', '${lab.nap}']);`) },
    hosts: [sshHost(one)],
  });
  await eventually('the command', () => isRunning(`sleep ${lab.nap}`) || undefined);
  run.process.kill('SIGKILL');
  await run.ended;
  expect(isRunning(`sleep ${lab.nap}`)).toBe(true);
  const cleanup = await lab.run({ purpose: 'cleanup', hosts: [sshHost(one)] });
  expect((await cleanup.ended).exitCode, cleanup.log()).toBe(0);
  await eventually('the end of the command', () => !isRunning(`sleep ${lab.nap}`) || undefined);
  expect(readdirSync(join(one.home, '.autotest/sessions'))).toEqual([]);
});

test.runIf(hasSshd())('a job over SSH brings client and bundle once, and leaves no session', async () => {
  const files = { 'control.ts': clientControl(`await job.runTest('sleep', { seconds: 0 });`) };
  const first = await lab.run({ files, hosts: [sshHost(one)] });
  expect((await first.ended).exitCode, first.log()).toBe(0);
  const clients = readdirSync(join(one.home, '.autotest/client'));
  const second = await lab.run({ files, hosts: [sshHost(one)] });
  expect((await second.ended).exitCode, second.log()).toBe(0);
  expect(readdirSync(join(one.home, '.autotest/client'))).toEqual(clients);
  expect(readdirSync(join(one.home, '.autotest/sessions'))).toEqual([]);
  expect(second.tree().node('sleep')).toMatchObject({ outcome: 'pass', host: one.name });
});

test('a disk that is full for the results ends the execution and says so', async () => {
  const small = join(lab.dir, 'small');
  mkdirSync(small);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', small], { stdio: 'ignore' });
  } catch {
    // Without the right to mount there is no small disk: the limit of the results tree is tested elsewhere.
    return;
  }
  try {
    const body = `fs.writeFileSync(job.resultsDir + '/big', Buffer.alloc(4000000)); await job.step('wait', () => new Promise((r) => setTimeout(r, 60000)));`;
    const run = await lab.run({
      files: { 'control.ts': clientControl(body, `import * as fs from 'node:fs';`) },
      resultsBelow: small,
    });
    expect((await run.ended).exitCode, run.log()).toBe(2);
    expect(run.log()).toContain('AT_RESULTS_DISK_FULL');
    expect(run.records().map(({ seq }) => seq)).toEqual(run.records().map((_, index) => index + 1));
  } finally {
    execFileSync('umount', [small]);
  }
});

test('the command line runs a control file on this machine', () => {
  const control = join(lab.dir, 'control.ts');
  const bin = fileURLToPath(new URL('../bin/autoserv.js', import.meta.url));
  writeFileSync(
    control,
    clientControl(`await job.runTest('sleep', { seconds: params.s });`)
      .replace('run(job)', 'run(job, params)')
      .replace(`doc: 'A test.'`, `doc: 'A test.', params: { s: { type: 'number' } }`),
  );
  const env = { PATH: process.env.PATH, HOME: join(lab.dir, 'home'), TMPDIR: join(lab.dir, 'tmp'), USER: 'me' };
  const output = execFileSync(bin, ['-m', 'local', '-r', join(lab.dir, 'out'), control, 's=0.1'], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(output).toMatch(/^Passed in .*; results: .*out\n$/);
  expect(JSON.parse(readFileSync(join(lab.dir, 'out/results.json'), 'utf8'))).toMatchObject({
    exitClass: 'clean',
    job: { owner: 'me', params: { s: 0.1 } },
  });
  expect(existsSync(join(lab.dir, 'out/control.ts'))).toBe(true);
  expect(() =>
    execFileSync(bin, ['-m', 'local', '-r', join(lab.dir, 'out2'), control], { env, stdio: 'ignore' }),
  ).toThrow(/./);
  expect(processesWith(lab.dir)).toEqual([]);
});
