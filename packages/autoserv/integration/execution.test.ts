import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { clientControl, eventually, isRunning, Lab, processesWith } from './support.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.dispose());

test('a client control file runs on this machine and leaves a complete results directory', async () => {
  const run = await lab.run({
    files: {
      'control.ts': clientControl(`await job.runTest('sleep', { seconds: 0.1 }); job.keyval({ colour: 'red' });`),
    },
  });
  expect(await run.ended, run.log()).toEqual({ exitCode: 0, signal: null });
  const tree = run.tree();
  expect(tree.node('sleep')).toMatchObject({ outcome: 'pass', subdir: 'sleep', host: 'here' });
  expect(tree.keyvals).toMatchObject({ colour: 'red' });
  expect(tree.end).toMatchObject({ exitClass: 'clean' });
  expect(run.records().map(({ seq }) => seq)).toEqual(run.records().map((_, index) => index + 1));
  expect(run.read('status.log')).toMatch(/^\t?END GOOD\tsleep\tsleep\t/m);
  expect(run.read('sleep/status.log')).toMatch(/^END GOOD\tsleep\tsleep\t/m);
  expect(JSON.parse(run.read('results.json'))).toMatchObject({ exitClass: 'clean', counts: { pass: 1, total: 1 } });
  expect(run.read('keyval')).toMatch(/^label=probe\n.*^colour=red\njob_finished=\d+\n$/ms);
  expect(existsSync(join(run.resultsDir, 'debug/client.here.log'))).toBe(true);
  expect(existsSync(run.socketPath)).toBe(false);
  const sessions = readdirSync(lab.sessionsDir);
  expect(sessions).toEqual([]);
});

test('a failing test makes the execution fail, and the others run on', async () => {
  const boom = `import { defineTest, TestFail } from '@autotest/core';
export default defineTest({ name: 'boom', async runOnce() { throw new TestFail('no good'); } });`;
  const run = await lab.run({
    files: {
      'control.ts': clientControl(`await job.runTest('./boom.ts'); await job.runTest('sleep', { seconds: 0 });`),
      'boom.ts': boom,
    },
  });
  expect((await run.ended).exitCode, run.log()).toBe(1);
  expect(run.tree().node('boom')).toMatchObject({ outcome: 'fail', reason: 'no good' });
  expect(run.tree().node('sleep')).toMatchObject({ outcome: 'pass' });
  expect(run.of('end')).toMatchObject([{ exitClass: 'testFailures' }]);
});

test('a second autoserv for the same results directory goes away and changes nothing', async () => {
  const run = await lab.run({ files: { 'control.ts': clientControl(`await job.runTest('sleep', { seconds: 3 });`) } });
  await run.until('the test', (record) => record.kind === 'node.start');
  const second = await lab.again(run, {});
  expect((await second.ended).exitCode).toBe(3);
  expect(second.log()).toContain('AT_EXECUTION_LOCKED');
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.of('job.start')).toHaveLength(1);
});

test('a dispatcher that connects hears of the journal, and of the end last', async () => {
  const run = await lab.run({
    files: { 'control.ts': clientControl(`await job.runTest('sleep', { seconds: 0.5 });`) },
  });
  await run.until('the test', (record) => record.kind === 'node.start');
  const peer = connect(run.socketPath);
  let text = '';
  peer.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((resolve) => peer.once('close', resolve));
  await run.ended;
  const messages = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; journalBytes?: number; exitClass?: string });
  expect(messages[0]).toMatchObject({ type: 'hello', executionId: 1, epoch: 1, pid: run.process.pid });
  expect(messages.some(({ type }) => type === 'journal')).toBe(true);
  expect(messages.at(-1)).toEqual({
    type: 'ended',
    exitClass: 'clean',
    journalBytes: readFileSync(join(run.resultsDir, 'journal.ndjson')).length,
  });
});

test('an abort on the control socket ends what runs on the host', async () => {
  const run = await lab.run({
    files: { 'control.ts': clientControl(`await job.runCommand('long', ['sleep', '${lab.nap}']);`) },
  });
  await eventually('the command', () => isRunning(`sleep ${lab.nap}`) || undefined);
  const peer = connect(run.socketPath);
  peer.resume();
  peer.write('not json\n{"type":"abort","by":"alice","reason":"not needed"}\n');
  expect((await run.ended).exitCode, run.log()).toBe(3);
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
  expect(run.of('abort.request')).toMatchObject([{ by: 'alice', reason: 'not needed' }]);
  expect(run.of('end')).toMatchObject([{ exitClass: 'aborted', cause: { message: 'not needed' } }]);
  expect(run.tree().node('long')?.outcome).toBe('abort');
  expect(run.tree().open()).toEqual([]);
});

test('SIGTERM aborts', async () => {
  const run = await lab.run({
    files: { 'control.ts': clientControl(`await job.runCommand('long', ['sleep', '${lab.nap}']);`) },
  });
  await eventually('the command', () => isRunning(`sleep ${lab.nap}`) || undefined);
  run.process.kill('SIGTERM');
  await run.ended;
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
  expect(run.of('end')).toMatchObject([{ exitClass: 'aborted' }]);
});

test('a deadline ends the execution as timed out', async () => {
  const run = await lab.run({
    files: { 'control.ts': clientControl(`await job.runCommand('long', ['sleep', '${lab.nap}']);`) },
    limits: { deadlineAt: Date.now() + 3000 },
  });
  expect((await run.ended).exitCode, run.log()).toBe(3);
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
  expect(run.of('end')).toMatchObject([{ exitClass: 'timedOut' }]);
  expect(run.tree().open()).toEqual([]);
});
