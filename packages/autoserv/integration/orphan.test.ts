import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { contactFileName } from '@autotest/core';
import { clientControl, eventually, isRunning, Lab, processesWith, type Run } from './support.ts';

let lab: Lab;
const peers: ChildProcess[] = [];
beforeEach(() => {
  lab = new Lab();
});
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.kill('SIGKILL');
  await lab.dispose();
});

/** A process that is connected to the control socket and says five times a second that it is there. */
async function startPeer(run: Run): Promise<ChildProcess> {
  await eventually('the control socket', () => existsSync(run.socketPath) || undefined);
  const source = `
    const socket = require('node:net').connect(${JSON.stringify(run.socketPath)});
    socket.on('error', () => {});
    socket.once('data', () => process.stdout.write('connected'));
    setInterval(() => socket.write('{"type":"ping"}\\n'), 200);`;
  const peer = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  peers.push(peer);
  await new Promise((resolve) => peer.stdout?.once('data', resolve));
  return peer;
}

function sleeping(seconds: string): Record<string, string> {
  return { 'control.ts': clientControl(`await job.runCommand('nap', ['sleep', ${JSON.stringify(seconds)}]);`) };
}

async function untilAsleep(seconds: string): Promise<void> {
  await eventually('the command', () => isRunning(`sleep ${seconds}`) || undefined);
}

test('an execution whose dispatcher is paused for too long ends as lost, and leaves nothing on the host', async () => {
  const run = await lab.run({ files: sleeping(lab.nap), limits: { orphanMs: 3000 } });
  const peer = await startPeer(run);
  await untilAsleep(lab.nap);
  peer.kill('SIGSTOP');
  expect((await run.ended).exitCode, run.log()).toBe(2);
  expect(run.of('end')).toMatchObject([{ exitClass: 'lost', cause: { code: 'AT_ORPHANED' } }]);
  expect(run.of('abort.request')).toMatchObject([{ by: 'autoserv without a dispatcher' }]);
  expect(run.tree().node('nap')).toMatchObject({ outcome: 'abort' });
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
});

test('a dispatcher that comes back in time finds its execution going on', async () => {
  const run = await lab.run({ files: sleeping('9'), limits: { orphanMs: 5000 } });
  const peer = await startPeer(run);
  await run.until('the client', (record) => record.kind === 'boot');
  peer.kill('SIGSTOP');
  await delay(1500);
  peer.kill('SIGCONT');
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.of('abort.request')).toEqual([]);
});

test('another dispatcher may come in the place of the first', async () => {
  const run = await lab.run({ files: sleeping('9'), limits: { orphanMs: 5000 } });
  const first = await startPeer(run);
  await run.until('the client', (record) => record.kind === 'boot');
  first.kill('SIGKILL');
  await startPeer(run);
  expect((await run.ended).exitCode, run.log()).toBe(0);
});

test('a server control file that heeds nothing is killed in the end', async () => {
  const source = `import { defineControl } from '@autotest/core';
    export default defineControl({ name: 'stubborn', author: 'me', doc: 'x', type: 'server', async run() { setInterval(() => {}, 1000); await new Promise(() => {}); } });`;
  const run = await lab.run({ files: { 'control.ts': source }, limits: { orphanMs: 1500 } });
  const { exitCode, signal } = await run.ended;
  expect(run.of('abort.request')).toMatchObject([{ by: 'autoserv without a dispatcher' }]);
  expect([exitCode, signal]).toSatisfy(([code, by]) => code === 2 || by === 'SIGKILL');
});

test('an execution that comes out of a queue begins when its dispatcher gives a sign, and ends when the signs do', async () => {
  const run = await lab.run({ files: sleeping(lab.nap), limits: { orphanMs: 4000 }, contact: 'first' });
  await eventually('the control socket', () => existsSync(run.socketPath) || undefined);
  await delay(1000);
  expect(run.of('job.start')).toEqual([]);
  writeFileSync(join(run.resultsDir, contactFileName), 'second');
  await untilAsleep(lab.nap);
  expect((await run.ended).exitCode, run.log()).toBe(2);
  expect(run.of('end')).toMatchObject([{ exitClass: 'lost', cause: { code: 'AT_ORPHANED' } }]);
});

test('an execution that comes out of a queue when its dispatcher is gone touches no host', async () => {
  const run = await lab.run({ files: sleeping(lab.nap), limits: { orphanMs: 1500 }, contact: 'first' });
  expect((await run.ended).exitCode, run.log()).toBe(2);
  expect(run.of('end')).toMatchObject([{ exitClass: 'lost', cause: { code: 'AT_ORPHANED' } }]);
  expect(run.of('phase')).toEqual([]);
  expect(existsSync(lab.sessionsDir)).toBe(false);
});
