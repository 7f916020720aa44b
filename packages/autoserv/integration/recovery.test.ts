import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasSshd, startSshd, startTcpProxy, type Sshd } from '@autotest/core/testing';
import type { JournalRecord } from '@autotest/core';
import { clientControl, eventually, isRunning, Lab, processesWith, sshHost } from './support.ts';

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});
afterEach(() => lab.dispose());

/** Each record of the client once, in order. */
function expectNoLossNoDoubles(records: readonly JournalRecord[], clientJournal: string): void {
  const seqs = records.flatMap(({ from }) => (from ? [from.seq] : []));
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  const own = new Set(['job.start', 'end']);
  const expected = clientJournal
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as JournalRecord)
    .filter(({ kind }) => !own.has(kind));
  expect(seqs).toEqual(expected.map(({ seq }) => seq));
}

const ticking = clientControl(
  `for (let i = 0; i < 60; i++) { await job.step('tick ' + i, () => new Promise((r) => setTimeout(r, 100, i))); job.record('pass', 'tick ' + i); }`,
);

test('a reboot of this machine is played: the control file goes on behind it', async () => {
  const run = await lab.run({
    files: {
      'control.ts': clientControl(
        `const a = await job.step('one', () => 1); await job.reboot(); const b = await job.step('two', () => a + 1); job.keyval({ b });`,
      ),
    },
    hosts: [{ ...lab.localHost(), attributes: {} }],
  });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(run.tree().keyvals).toMatchObject({ b: 2 });
  expect(run.of('boot').map(({ resumed }) => resumed)).toEqual([false, true]);
});

test('a client that is killed ends its open test, and the execution as infrastructure failure', async () => {
  const run = await lab.run({
    files: { 'control.ts': clientControl(`await job.runCommand('long', ['sleep', '${lab.nap}']);`) },
  });
  const boot = await run.until('the client', (record) => record.kind === 'boot');
  await eventually('the command', () => isRunning(`sleep ${lab.nap}`) || undefined);
  process.kill((boot as { pid: number } & JournalRecord).pid, 'SIGKILL');
  expect((await run.ended).exitCode, run.log()).toBe(2);
  expect(run.of('end')).toMatchObject([{ exitClass: 'infra', cause: { code: 'AT_CLIENT_LOST' } }]);
  expect(run.tree().node('long')).toMatchObject({ outcome: 'abort' });
  expect(run.tree().node('long')?.reason).toContain('was killed');
  expect(existsSync(join(run.resultsDir, 'crashinfo.here/processes.txt'))).toBe(true);
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
});

test('what a killed autoserv left behind is gathered: nothing is lost, nothing doubled', async () => {
  const run = await lab.run({ files: { 'control.ts': ticking.replace('< 60', '< 600') } });
  await run.until('some ticks', (record) => record.kind === 'node.result' && record.name === 'tick 10');
  run.process.kill('SIGKILL');
  await run.ended;
  await delay(500);
  const gather = await lab.again(run, { purpose: 'gather', epoch: 2 });
  await gather.ended;
  expectNoLossNoDoubles(run.records(), run.read('client.here.journal.ndjson'));
  expect(run.records().map(({ seq }) => seq)).toEqual(run.records().map((_, index) => index + 1));
  expect(run.of('node.result').length).toBeGreaterThan(10);
  expect(run.tree().open()).toEqual([]);
  expect(run.of('end')).toHaveLength(1);
  expect(existsSync(join(run.resultsDir, 'crashinfo.here/processes.txt'))).toBe(true);
});

test('gather closes a test that was running', async () => {
  const run = await lab.run({
    files: { 'control.ts': clientControl(`await job.runCommand('long', ['sleep', '${lab.nap}']);`) },
  });
  await eventually('the command', () => isRunning(`sleep ${lab.nap}`) || undefined);
  run.process.kill('SIGKILL');
  await run.ended;
  const gather = await lab.again(run, { purpose: 'gather', epoch: 2 });
  await gather.ended;
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
  expect(run.tree().node('long')?.outcome).toBe('abort');
  expect(run.tree().open()).toEqual([]);
});

test.runIf(hasSshd())('SSH that is away for a while loses nothing and doubles nothing', async () => {
  const sshd: Sshd = await startSshd({ hosts: 1 });
  const [one] = sshd.hosts;
  if (!one) throw new Error('no host');
  const proxy = await startTcpProxy(one);
  try {
    const run = await lab.run({
      files: { 'control.ts': ticking },
      hosts: [sshHost(one, { address: proxy.address, port: proxy.port })],
    });
    await run.until('some ticks', (record) => record.kind === 'node.result' && record.name === 'tick 5');
    proxy.cut();
    await run.until('the loss', (record) => record.kind === 'transport' && record.event === 'lost');
    await delay(8000);
    proxy.restore();
    await run.until('the connection', (record) => record.kind === 'transport' && record.event === 'resumed');
    one.killSessions();
    expect((await run.ended).exitCode, run.log()).toBe(0);
    expectNoLossNoDoubles(run.records(), run.read('client.test-host-1.journal.ndjson'));
    expect(run.of('node.result')).toHaveLength(60);
    expect(run.of('transport').filter(({ event }) => event === 'lost').length).toBeGreaterThanOrEqual(1);
  } finally {
    await proxy.close();
    await sshd.close();
  }
});

test.runIf(hasSshd())('a network that swallows everything is noticed, and loses nothing either', async () => {
  const sshd = await startSshd({ hosts: 1 });
  const [one] = sshd.hosts;
  if (!one) throw new Error('no host');
  const proxy = await startTcpProxy(one);
  try {
    const run = await lab.run({
      files: { 'control.ts': ticking.replace('< 60', '< 250') },
      hosts: [sshHost(one, { address: proxy.address, port: proxy.port })],
    });
    await run.until('some ticks', (record) => record.kind === 'node.result' && record.name === 'tick 5');
    proxy.stall();
    await run.until('the loss', (record) => record.kind === 'transport' && record.event === 'lost');
    proxy.restore();
    expect((await run.ended).exitCode, run.log()).toBe(0);
    expectNoLossNoDoubles(run.records(), run.read('client.test-host-1.journal.ndjson'));
    expect(run.of('node.result')).toHaveLength(250);
  } finally {
    await proxy.close();
    await sshd.close();
  }
});

test.runIf(hasSshd())('a host that stays away too long is lost', async () => {
  const sshd = await startSshd({ hosts: 1 });
  const [one] = sshd.hosts;
  if (!one) throw new Error('no host');
  try {
    const run = await lab.run({
      files: { 'control.ts': ticking },
      hosts: [sshHost(one)],
      limits: { reconnectMs: 3000 },
    });
    await run.until('some ticks', (record) => record.kind === 'node.result' && record.name === 'tick 3');
    await one.stop();
    expect((await run.ended).exitCode, run.log()).toBe(2);
    expect(run.of('end')).toMatchObject([{ exitClass: 'infra', cause: { code: 'AT_HOST_LOST' } }]);
    expect(readFileSync(join(run.resultsDir, 'status.log'), 'utf8')).toContain('connection to test-host-1 lost');
  } finally {
    await sshd.close();
  }
});
