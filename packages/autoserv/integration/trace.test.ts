import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatTraceParent } from '@autotest/core';
import { testTrace } from '@autotest/core/node';
import { hasSshd, startSshd, type Sshd } from '@autotest/core/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { clientControl, Lab, serverControl, sshHost } from './support.ts';

const execution = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true };
const traceParent = formatTraceParent(execution);
const show = `await job.runCommand('show', ['sh', '-c', 'echo $TRACEPARENT']);`;
const ofTest = (path: string) => `${formatTraceParent(testTrace(execution, path, 1))}\n`;

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

test('what a client control file runs is told its place in the trace', async () => {
  const run = await lab.run({ files: { 'control.ts': clientControl(show) }, traceParent });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().node('show')?.outcome).toBe('pass');
  expect(run.read('show/debug/output.log')).toBe(ofTest('show'));
});

test.runIf(hasSshd())('on several hosts over SSH each has a place of its own', async () => {
  const hosts = sshd.hosts.map((one) => sshHost(one));
  const run = await lab.run({ files: { 'control.ts': clientControl(show) }, hosts, traceParent });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  for (const { name } of hosts) {
    expect(run.tree().node(`${name}/show`)?.outcome).toBe('pass');
    expect(run.read(`${name}/show/debug/output.log`)).toBe(ofTest(`${name}/show`));
  }
});

test('what a server control file runs is told the place of the execution', async () => {
  const body = `
    await job.host('here').runTest('./t.ts');
    job.keyval({ plain: (await job.run('echo $TRACEPARENT')).stdout.trim() });
  `;
  const own = `import { defineTest } from '@autotest/core';
export default defineTest({ name: 't', async runOnce() { console.log(process.env.TRACEPARENT); } });`;
  const run = await lab.run({ files: { 'control.ts': serverControl(body), 't.ts': own }, traceParent });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({ plain: traceParent });
  expect(run.read('here/t/debug/output.log')).toContain(`${traceParent}\n`);
});

test('autoserv by hand takes its place from its own environment', () => {
  const bin = fileURLToPath(new URL('../bin/autoserv.js', import.meta.url));
  const control = join(lab.dir, 'control.ts');
  writeFileSync(control, clientControl(show));
  const results = join(lab.dir, 'results');
  const { status, stderr } = spawnSync(process.execPath, [bin, '-m', 'local', '-r', results, control], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: lab.dir, TMPDIR: join(lab.dir, 'tmp'), TRACEPARENT: traceParent },
  });
  expect(status, stderr).toBe(0);
  expect(readFileSync(join(results, 'show/debug/output.log'), 'utf8')).toBe(ofTest('show'));
});
