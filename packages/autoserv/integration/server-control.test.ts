import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { hasSshd, startSshd, type Sshd } from '@autotest/core/testing';
import { clientControl, eventually, isRunning, Lab, processesWith, serverControl, sshHost } from './support.ts';

let lab: Lab;
let sshd: Sshd;
beforeAll(async () => {
  if (hasSshd()) sshd = await startSshd({ hosts: 2 });
});
afterAll(() => sshd?.close());
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.dispose());

const hosts = () => sshd.hosts.map((one) => sshHost(one));

test.runIf(hasSshd())('a server control file drives its hosts, one results directory each', async () => {
  const body = `
    const results = await job.onEach(job.hosts, async (host) => {
      const { stdout } = await host.runCheck(['echo', "it's", host.name]);
      await job.barrier('here', { members: job.hosts.map(({ name }) => name) });
      await host.runTest('sleep', { seconds: 0 });
      return stdout.trim();
    });
    job.keyval({ said: results.map(({ value }) => value), cpus: await job.hosts[0].cpuCount() });
  `;
  const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: hosts() });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({ said: ["it's test-host-1", "it's test-host-2"] });
  expect(Number(run.tree().keyvals.cpus)).toBeGreaterThan(0);
  expect(run.tree().node('test-host-1/sleep')).toMatchObject({
    outcome: 'pass',
    host: 'test-host-1',
    subdir: 'test-host-1/sleep',
  });
  expect(run.tree().node('test-host-2/sleep')?.outcome).toBe('pass');
  expect(existsSync(join(run.resultsDir, 'test-host-2/sleep/status.log'))).toBe(true);
  expect(run.read('.machines')).toBe('test-host-1\ntest-host-2\n');
});

test.runIf(hasSshd())('runClientControl ships a control file with its parameters', async () => {
  const inner = clientControl(`job.keyval({ n: params.n }); await job.runTest('sleep', { seconds: 0 });`)
    .replace('run(job)', 'run(job, params)')
    .replace(`doc: 'A test.'`, `doc: 'A test.', params: { n: { type: 'number', default: 4 } }`);
  const body = `
    const first = await job.runClientControl('./inner.ts', { params: { n: 5 } });
    const second = await job.runClientControl('./inner.ts', { hosts: [job.host('test-host-2')] });
    job.keyval({ outcomes: [...first, ...second].map(({ host, value }) => host.name + ':' + value?.outcome) });
  `;
  const run = await lab.run({ files: { 'control.ts': serverControl(body), 'inner.ts': inner }, hosts: hosts() });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({ outcomes: ['test-host-1:pass', 'test-host-2:pass', 'test-host-2:pass'] });
  expect(run.tree().node('test-host-1')?.keyvals).toMatchObject({ n: 5 });
  expect(run.tree().node('test-host-2#2')?.keyvals).toMatchObject({ n: 4 });
  expect(run.of('job.end')).toHaveLength(1);
});

test.runIf(hasSshd())('files and trees go to a host and come back the same', async () => {
  const body = `
    const host = job.hosts[0];
    const tmp = await host.tmpDir();
    const from = job.resultsDir + '/from';
    fs.mkdirSync(from + '/a/b', { recursive: true });
    fs.writeFileSync(from + '/a/b/odd \\n name', 'odd');
    fs.writeFileSync(from + '/exec', '#!/bin/sh\\necho ran', { mode: 0o755 });
    fs.writeFileSync(from + '/big', Buffer.alloc(3000000, 5));
    await host.sendFile(from, tmp + '/tree');
    await host.runCheck(['touch', tmp + '/tree/extra']);
    await host.sendFile(from, tmp + '/tree', { delete: true });
    await host.getFile(tmp + '/tree', job.resultsDir + '/back');
    await host.getFile(tmp + '/tree/exec', job.resultsDir + '/single');
    job.keyval({ ran: (await host.runCheck([tmp + '/tree/exec'])).stdout.trim(), tmp });
    await host.getFile('/nonexistent', job.resultsDir + '/none').catch((error) => job.keyval({ code: error.code }));
  `;
  const run = await lab.run({
    files: { 'control.ts': serverControl(body, `import * as fs from 'node:fs';`) },
    hosts: hosts(),
  });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.read('back/a/b/odd \n name')).toBe('odd');
  expect(readFileSync(join(run.resultsDir, 'back/big')).equals(Buffer.alloc(3_000_000, 5))).toBe(true);
  expect(existsSync(join(run.resultsDir, 'back/extra'))).toBe(false);
  expect(run.read('single')).toContain('echo ran');
  const { tmp, ran, code } = run.tree().keyvals;
  expect(ran).toBe('ran');
  expect(code).toBe('AT_TRANSFER');
  expect(existsSync(tmp as string)).toBe(false);
});

test.runIf(hasSshd())('background commands run on and can be killed', async () => {
  const body = `
    const background = await job.hosts[0].runBackground(['sleep', '${lab.nap}']);
    await job.hosts[0].runCheck(['kill', '-0', String(background.pid)]);
    await background.kill();
    const { signal } = await background.result;
    job.keyval({ signal });
  `;
  const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: hosts() });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({ signal: 'SIGTERM' });
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
});

test('a server control file without hosts runs tests here', async () => {
  const run = await lab.run({
    files: { 'control.ts': serverControl(`await job.runTest('sleep', { seconds: 0 }); await job.runCheck('true');`) },
    hosts: [],
  });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().node('sleep')?.outcome).toBe('pass');
});

test.each([
  ['throws', `throw new Error('broken');`, 'testFailures', 1],
  ['ends the process', `process.exit(0);`, 'testFailures', 1],
  [
    'leaves a rejection alone',
    `Promise.reject(new Error('stray')); await job.step('wait', () => new Promise((r) => setTimeout(r, 200, 1)));`,
    'testFailures',
    1,
  ],
])('a server control file that %s leaves a journal with an end', async (_, body, exitClass, exitCode) => {
  const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: [] });
  expect((await run.ended).exitCode, run.log()).toBe(exitCode);
  expect(run.of('end')).toMatchObject([{ exitClass }]);
  expect(run.tree().open()).toEqual([]);
});

test('a server control file that falls silent is ended, and what runs on with it', async () => {
  const body = `
    for (let n = 0; n < 5; n++) await job.run('sleep 0.3; echo still here');
    job.keyval({ talked: true });
    await job.run(['sleep', '${lab.nap}']);
  `;
  const run = await lab.run({
    files: { 'control.ts': serverControl(body) },
    hosts: [],
    limits: { idleTimeoutMs: 1000 },
  });
  expect((await run.ended).exitCode, run.log()).toBe(3);
  expect(run.tree().keyvals).toMatchObject({ talked: true });
  expect(run.of('end')).toMatchObject([
    { exitClass: 'timedOut', cause: { code: 'AT_TIMED_OUT', message: 'No output and no result for 1 s' } },
  ]);
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
});

test('a client control file that falls silent is ended with a cause that says so', async () => {
  const run = await lab.run({
    files: { 'control.ts': clientControl(`await job.run(['sleep', '${lab.nap}']);`) },
    limits: { idleTimeoutMs: 500 },
  });
  expect((await run.ended).exitCode, run.log()).toBe(3);
  expect(run.of('end').at(-1)).toMatchObject({
    exitClass: 'timedOut',
    cause: { code: 'AT_TIMED_OUT', message: expect.stringContaining('No output and no result for 500 ms') },
  });
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
});

test.runIf(hasSshd())('an abort reaches what a server control file runs on its hosts', async () => {
  const body = `await job.onEach(job.hosts, (host) => host.run(['sleep', '${lab.nap}']));`;
  const run = await lab.run({ files: { 'control.ts': serverControl(body) }, hosts: hosts() });
  await eventually('the commands', () => processesWith(`sleep ${lab.nap}`).length >= 2 || undefined);
  run.process.kill('SIGTERM');
  expect((await run.ended).exitCode, run.log()).toBe(3);
  expect(isRunning(`sleep ${lab.nap}`)).toBe(false);
  expect(run.of('end')).toMatchObject([{ exitClass: 'aborted' }]);
  expect(run.tree().open()).toEqual([]);
});

test.runIf(hasSshd())('several hosts run a client control file side by side', async () => {
  const run = await lab.run({
    files: {
      'control.ts': clientControl(`await job.runTest('sleep', { seconds: 0.1 }); job.keyval({ name: job.hostname });`),
    },
    hosts: hosts(),
  });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().node('test-host-1')).toMatchObject({ outcome: 'pass', keyvals: { name: 'test-host-1' } });
  expect(run.tree().node('test-host-2/sleep')).toMatchObject({ outcome: 'pass', subdir: 'test-host-2/sleep' });
  expect(existsSync(join(run.resultsDir, 'test-host-2/sleep/keyval'))).toBe(true);
});
