import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { hasSshd, startSshd, type Sshd } from '@autotest/core/testing';
import type { HostSpec } from '@autotest/core';
import {
  clientControl,
  eventually,
  isRunning,
  Lab,
  processesWith,
  serverControl,
  sshHost,
  type Run,
} from './support.ts';

const there = hasSshd();
let lab: Lab;
let sshd: Sshd;
beforeAll(async () => {
  if (there) sshd = await startSshd({ hosts: 3 });
});
afterAll(() => sshd?.close());
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.dispose());

const hosts = (count: number): HostSpec[] => sshd.hosts.slice(0, count).map((one) => sshHost(one));

/** A test whose processes do all that they can to stay: it ignores TERM, has left its session twice over, and is a tree. */
function stubborn(nap: string): Record<string, string> {
  const script = `trap "" TERM INT HUP
for i in 1 2 3; do (trap "" TERM; for j in 1 2; do sleep ${nap} & done; wait) & done
setsid sh -c "setsid sh -c 'trap \\"\\" TERM; sleep ${nap} & wait' & exit 0"
wait; sleep ${nap}; sleep ${nap}`;
  return { 'control.ts': clientControl(`await job.runCommand('stubborn', ['sh', '-c', ${JSON.stringify(script)}]);`) };
}

/** 3 × 2 in the tree and one that left. */
async function untilAllSleep(nap: string, count: number): Promise<void> {
  await eventually(
    'the processes',
    () => processesWith(`sleep ${nap}`).filter((pid) => pid > 0).length >= count || undefined,
  );
}

function abort(run: Run, by = 'alice'): void {
  const peer = connect(run.socketPath);
  peer.resume();
  peer.on('error', () => {});
  peer.write(`${JSON.stringify({ type: 'abort', by, reason: 'not needed' })}\n`);
}

test.runIf(there)('an abort on the control socket leaves nothing of a stubborn test on several hosts', async () => {
  const run = await lab.run({ files: stubborn(lab.nap), hosts: hosts(3), env: { AUTOTEST_STOP_MS: '12000' } });
  await untilAllSleep(lab.nap, 21);
  abort(run);
  expect((await run.ended).exitCode, run.log()).toBe(3);
  expect(processesWith(lab.nap)).toEqual([]);
  expect(run.of('end')).toMatchObject([{ exitClass: 'aborted', cause: { message: 'not needed' } }]);
  expect(run.tree().open()).toEqual([]);
  expect(run.of('reboot')).toEqual([]);
});

test.runIf(there)('a host that is dead holds up neither the end nor the other hosts', async () => {
  const run = await lab.run({ files: stubborn(lab.nap), hosts: hosts(3), env: { AUTOTEST_STOP_MS: '9000' } });
  const [, dead] = sshd.hosts;
  await untilAllSleep(lab.nap, 21);
  dead?.pause();
  try {
    run.process.kill('SIGTERM');
    expect((await run.ended).exitCode, run.log()).toBe(3);
    expect(run.of('end')).toMatchObject([{ exitClass: 'aborted' }]);
    expect(run.tree().open()).toEqual([]);
  } finally {
    dead?.resume();
  }
  // What the dead host still runs ends with the cleanup that its next user asks for.
  const cleanup = await lab.run({ purpose: 'cleanup', hosts: hosts(3) });
  expect((await cleanup.ended).exitCode, cleanup.log()).toBe(0);
  expect(processesWith(lab.nap)).toEqual([]);
});

test.runIf(there)('maxRuntime and the idle timeout leave nothing, too', async () => {
  const late = await lab.run({
    files: stubborn(lab.nap),
    hosts: hosts(1),
    limits: { deadlineAt: Date.now() + 4000 },
    env: { AUTOTEST_STOP_MS: '12000' },
  });
  await untilAllSleep(lab.nap, 7);
  expect((await late.ended).exitCode, late.log()).toBe(3);
  expect(late.of('end')).toMatchObject([{ exitClass: 'timedOut' }]);
  expect(processesWith(lab.nap)).toEqual([]);

  const idle = await lab.run({ files: stubborn(lab.nap), hosts: hosts(1), limits: { idleTimeoutMs: 3000 } });
  await untilAllSleep(lab.nap, 7);
  expect((await idle.ended).exitCode, idle.log()).toBe(3);
  expect(idle.of('end')).toMatchObject([{ exitClass: 'timedOut' }]);
  expect(processesWith(lab.nap)).toEqual([]);
  expect(JSON.parse(idle.read('crashinfo.test-host-1/index.json'))).toMatchObject({ trigger: 'hung' });
});

test.runIf(there)('a second signal kills at once and gathers nothing', async () => {
  const cleansUp = `import { defineTest } from '@autotest/core';
import { spawn } from 'node:child_process';
export default defineTest({ name: 'slow', async runOnce() { spawn('sleep', ['${lab.nap}']); await new Promise(() => setInterval(() => {}, 1000)); }, async cleanup() { await new Promise(() => {}); } });`;
  const run = await lab.run({
    files: { 'control.ts': clientControl(`await job.runTest('./slow.ts');`), 'slow.ts': cleansUp },
    hosts: hosts(1),
    env: { AUTOTEST_STOP_MS: '600000' },
  });
  await eventually('the test', () => isRunning(`sleep ${lab.nap}`) || undefined);
  run.process.kill('SIGTERM');
  await run.until('the request', ({ kind }) => kind === 'abort.request');
  run.process.kill('SIGTERM');
  expect((await run.ended).exitCode, run.log()).toBe(3);
  expect(run.of('end')).toMatchObject([{ exitClass: 'aborted' }]);
  expect(processesWith(lab.nap)).toEqual([]);
  expect(run.of('artifact').filter(({ path }) => path.startsWith('crashinfo.'))).toEqual([]);
});

test.runIf(there)('an abort ends what a server control file started in the background, wherever it went', async () => {
  const body = `
    await job.onEach(job.hosts, async (host) => {
      await host.runBackground(['sh', '-c', 'trap "" TERM; sleep ${lab.nap}; sleep ${lab.nap}']);
      await host.run("setsid sh -c 'setsid sleep ${lab.nap} >/dev/null 2>&1 </dev/null &'");
      await host.run(['sleep', '${lab.nap}']);
    });`;
  const run = await lab.run({
    files: { 'control.ts': serverControl(body) },
    hosts: hosts(2),
    env: { AUTOTEST_STOP_MS: '30000' },
  });
  await untilAllSleep(lab.nap, 6);
  abort(run);
  expect((await run.ended).exitCode, run.log()).toBe(3);
  expect(run.of('end')).toMatchObject([{ exitClass: 'aborted' }]);
  expect(processesWith(lab.nap)).toEqual([]);
});

test.runIf(there)('a server control file that heeds nothing ends in time, and nothing of it is left', async () => {
  const body = `
    await job.hosts[0].runBackground(['sleep', '${lab.nap}']);
    setInterval(() => {}, 1000);
    await new Promise(() => {});`;
  const run = await lab.run({
    files: { 'control.ts': serverControl(body) },
    hosts: hosts(1),
    env: { AUTOTEST_STOP_MS: '2000' },
  });
  await eventually('the command', () => isRunning(`sleep ${lab.nap}`) || undefined);
  run.process.kill('SIGTERM');
  expect((await run.ended).exitCode, run.log()).toBe(3);
  expect(run.of('end')).toMatchObject([{ exitClass: 'aborted' }]);
  expect(processesWith(lab.nap)).toEqual([]);
});
