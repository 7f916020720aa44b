import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasSshd, startSshd, type Sshd, type SshdHost } from '@autotest/core/testing';
import type { JournalRecord } from '@autotest/core';
import { clientControl, eventually, isRunning, Lab, processesWith, sshHost, type Run } from './support.ts';

const there = hasSshd();
let lab: Lab;
let sshd: Sshd;
let one: SshdHost;
beforeEach(async () => {
  lab = new Lab();
  if (!there) return;
  sshd = await startSshd({ hosts: 1 });
  const [first] = sshd.hosts;
  if (!first) throw new Error('no host');
  one = first;
});
afterEach(async () => {
  await lab.dispose();
  await sshd?.close();
});

/** Puts a program in front of the host's own. */
function program(name: string, text: string): void {
  const bin = join(one.home, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(bin, name), 0o755);
  writeFileSync(join(one.home, '.bashrc'), `export PATH=${bin}:$PATH\n`);
}

interface Index {
  readonly trigger: string;
  readonly why: string;
  readonly sources: readonly {
    source: string;
    file?: string;
    bytes?: number;
    leftOutBytes?: number;
    whyNot?: string;
  }[];
}

function indexOf(run: Run): Index {
  return JSON.parse(run.read('crashinfo.test-host-1/index.json')) as Index;
}

async function killClientOf(run: Run): Promise<void> {
  const boot = await run.until('the client', ({ kind }) => kind === 'boot');
  await eventually('the command', () => isRunning(`sleep ${lab.nap}`) || undefined);
  process.kill((boot as { pid: number } & JournalRecord).pid, 'SIGKILL');
}

const napping = (): Record<string, string> => ({
  'control.ts': clientControl(`await job.runCommand('long', ['sleep', '${lab.nap}']);`),
});

test.runIf(there)('after a killed client the host is asked what happened, and an index says what it told', async () => {
  const run = await lab.run({ files: napping(), hosts: [sshHost(one)] });
  await killClientOf(run);
  expect((await run.ended).exitCode, run.log()).toBe(2);
  const { trigger, why, sources } = indexOf(run);
  expect(trigger).toBe('clientLost');
  expect(why).toContain('was killed');
  expect(sources.map(({ source }) => source)).toEqual(
    expect.arrayContaining(['console', 'processes', 'uptime', 'dumps']),
  );
  for (const { file, whyNot } of sources)
    expect(file === undefined ? whyNot : existsSync(join(run.resultsDir, 'crashinfo.test-host-1', file))).toBeTruthy();
  // The evidence was taken before the session's processes were ended.
  expect(run.read('crashinfo.test-host-1/processes.txt')).toContain(`sleep ${lab.nap}`);
  expect(processesWith(`sleep ${lab.nap}`)).toEqual([]);
});

test.runIf(there)('a client that the kernel killed for want of memory says so', async () => {
  const pidFile = join(one.home, 'victim');
  program(
    'dmesg',
    `read -r up rest </proc/uptime
echo "[    1.000000] Out of memory: Killed process 17 (early) total-vm:1kB"
echo "[$up] Out of memory: Killed process $(cat ${pidFile} 2>/dev/null) (node) total-vm:2000000kB, anon-rss:1kB"`,
  );
  const run = await lab.run({ files: napping(), hosts: [sshHost(one)] });
  const boot = await run.until('the client', ({ kind }) => kind === 'boot');
  const { pid } = boot as { pid: number } & JournalRecord;
  writeFileSync(pidFile, String(pid));
  await killClientOf(run);
  expect((await run.ended).exitCode, run.log()).toBe(2);
  expect(run.of('end')[0]?.cause).toMatchObject({
    code: 'AT_CLIENT_LOST',
    message: expect.stringContaining(
      `the host ran out of memory, and its kernel killed process ${pid} (node)`,
    ) as string,
  });
});

test.runIf(there)('tools that flood, hang or fail are cut, and change nothing of how the job ends', async () => {
  program('ps', 'exec yes "a process and its long list of arguments"');
  program(
    'dmesg',
    'i=0; while [ $i -lt 200000 ]; do echo "line $i of the kernel log, which is long"; i=$((i+1)); done',
  );
  program('df', 'echo broken >&2; exit 3');
  const run = await lab.run({ files: napping(), hosts: [sshHost(one)] });
  await killClientOf(run);
  expect((await run.ended).exitCode, run.log()).toBe(2);
  expect(run.of('end')).toMatchObject([{ cause: { code: 'AT_CLIENT_LOST' } }]);
  const { sources } = indexOf(run);
  const of = (name: string) => sources.find(({ source }) => source === name);
  expect(of('processes')).toMatchObject({ whyNot: 'it was ended', file: 'processes.txt' });
  expect(of('processes')?.bytes).toBeLessThan(5e6);
  expect(of('dmesg')?.leftOutBytes).toBeGreaterThan(0);
  const kernelLog = run.read('crashinfo.test-host-1/dmesg.txt');
  expect(
    kernelLog.startsWith('line 0 of') && kernelLog.endsWith('line 199999 of the kernel log, which is long\n'),
  ).toBe(true);
});

test.runIf(there && process.getuid?.() === 0)(
  'a crash dump that appears while a job runs is fetched, though the job passes',
  async () => {
    const name = `autotest-test.${lab.nap}`;
    const body = `fs.mkdirSync('/var/crash', { recursive: true }); fs.writeFileSync('/var/crash/${name}', 'panic at the disco');
    await job.runTest('sleep', { seconds: 0 });`;
    const run = await lab.run({
      files: { 'control.ts': clientControl(body, `import * as fs from 'node:fs';`) },
      hosts: [sshHost(one)],
    });
    try {
      expect((await run.ended).exitCode, run.log()).toBe(0);
      expect(indexOf(run)).toMatchObject({ trigger: 'dumps' });
      const dumps = readdirSync(join(run.resultsDir, 'crashinfo.test-host-1/dumps'));
      expect(dumps.filter((dump) => dump.endsWith(name))).toHaveLength(1);
      expect(run.read(`crashinfo.test-host-1/dumps/${dumps.find((dump) => dump.endsWith(name)) ?? ''}`)).toBe(
        'panic at the disco',
      );
    } finally {
      rmSync(join('/var/crash', name), { force: true });
    }
  },
);

test.runIf(there)('a job that passes leaves no crash data', async () => {
  const run = await lab.run({
    files: { 'control.ts': clientControl(`await job.runTest('sleep', { seconds: 0 });`) },
    hosts: [sshHost(one)],
  });
  expect((await run.ended).exitCode, run.log()).toBe(0);
  expect(existsSync(join(run.resultsDir, 'crashinfo.test-host-1'))).toBe(false);
});
