import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingService, startSshd, startTcpProxy } from '@autotest/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  addLocalHost,
  addSshHost,
  addSshHosts,
  controlOf,
  finishedJob,
  hostReady,
  ownResults,
  resultFile,
  resultsDir,
  showJob,
  testRunning,
} from './support/facts.ts';
import { processesNaming, startLab, waitFor, type Lab } from './support/lab.ts';

const threeSleeps = controlOf(`
    await job.runTest('sleep', { seconds: 0 }, { tag: 'before' });
    await job.runTest('sleep', { seconds: 6 }, { tag: 'during' });
    await job.runTest('sleep', { seconds: 0 }, { tag: 'after' });`);

const allPassed = [
  ['sleep.before', 'pass'],
  ['sleep.during', 'pass'],
  ['sleep.after', 'pass'],
];

/** Processes of this lab whose command line holds a word. */
function processesOf(lab: Lab, word: string): number[] {
  return processesNaming(lab.root)
    .filter(({ command }) => command.includes(word))
    .map(({ pid }) => pid);
}

function kill(pids: readonly number[]): void {
  expect(pids, 'a process to kill').not.toEqual([]);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

/** The process of autoserv that carries out a job: one that was started ahead does not name it on its command line, but writes it into its lock. */
function autoservOf(lab: Lab): number[] {
  return globSync('results/*/*/.autoserv.lock', { cwd: lab.dataDir })
    .filter((file) => !file.startsWith('results/hosts'))
    .map((file) => (JSON.parse(readFileSync(join(lab.dataDir, file), 'utf8')) as { pid: number }).pid);
}

/** A control file with a test that is still running when something is killed. */
function longSleeps(lab: Awaited<ReturnType<typeof startLab>>): string {
  return lab.write({ 'control.ts': threeSleeps.replace('seconds: 6', 'seconds: 120') });
}

describe('kill -9', () => {
  it('of the dispatcher: after its restart the job ends as if nothing had happened, each test once', async () => {
    const lab = await startLab();
    await addLocalHost(lab);
    await lab.cli('job', 'create', lab.write({ 'control.ts': threeSleeps }));
    await testRunning(lab, 'sleep.during');
    await lab.dispatcher.end('SIGKILL');
    await lab.startDispatcher();
    const job = await finishedJob(lab);
    expect(job.outcome).toBe('passed');
    expect(ownResults(job)).toEqual(allPassed);
    expect(job.executions.filter(({ purpose }) => purpose === 'job')).toHaveLength(1);
    await hostReady(lab, 'localhost');
  });

  it('of the dispatcher, with the job ending while it is away, loses nothing either', async () => {
    const lab = await startLab();
    await addLocalHost(lab);
    await lab.cli('job', 'create', lab.write({ 'control.ts': threeSleeps }));
    await testRunning(lab, 'sleep.during');
    await lab.dispatcher.end('SIGKILL');
    await waitFor(() => autoservOf(lab).length === 0, 'autoserv to end by itself');
    expect((await showJob(lab)).state, 'nobody has told the database').toBe('running');
    await lab.startDispatcher();
    const job = await finishedJob(lab);
    expect(job.outcome).toBe('passed');
    expect(ownResults(job)).toEqual(allPassed);
  });

  it('of autoserv: the entry ends in error with its cause, what was there is gathered, the host is usable again', async () => {
    const lab = await startLab();
    await addLocalHost(lab);
    await lab.cli('job', 'create', '--infra-retries', '0', longSleeps(lab));
    await testRunning(lab, 'sleep.during');
    kill(autoservOf(lab));
    const job = await finishedJob(lab);
    expect(job.entries).toMatchObject([{ outcome: 'error', cause: { code: 'AT_AUTOSERV_LOST' } }]);
    expect(job.entries[0]?.cause?.message).toMatch(/autoserv/);
    expect(ownResults(job)).toEqual([
      ['sleep.before', 'pass'],
      ['sleep.during', 'abort'],
    ]);
    expect(job.executions.some(({ purpose }) => purpose === 'gather')).toBe(true);
    expect(resultFile(lab, job, 'crashinfo.localhost/dmesg') + readNames(lab, job)).toMatch(/\S/);
    expect(processesOf(lab, 'client.mjs'), 'the client was ended').toEqual([]);
    await hostReady(lab, 'localhost');
    const again = await lab.cli(
      'run',
      lab.write({ 'again.ts': controlOf(`await job.runTest('sleep', { seconds: 0 });`) }),
    );
    expect(again.exitCode, again.stderr).toBe(0);
  });

  it('of the client on the host: its test is aborted, the log says why, and the host is usable again', async () => {
    const lab = await startLab();
    await addLocalHost(lab);
    await lab.cli('job', 'create', '--infra-retries', '0', longSleeps(lab));
    await testRunning(lab, 'sleep.during');
    const job = await showJob(lab);
    const clients = processesOf(lab, 'client.mjs').filter((pid) => / run /.test(commandOf(pid)));
    kill(clients);
    const ended = await finishedJob(lab);
    expect(ended.entries).toMatchObject([{ outcome: 'error', cause: { code: 'AT_CLIENT_LOST' } }]);
    const during = ended.results.find(({ path }) => path === 'sleep.during');
    expect(during?.outcome).toMatch(/^(abort|error)$/);
    expect(during?.reason).toMatch(/killed|ended|lost/);
    expect(ownResults(ended)[0]).toEqual(['sleep.before', 'pass']);
    expect(resultFile(lab, job, 'status.log')).toMatch(/END ABORT\tsleep.during|ABORT\tsleep.during/);
    await hostReady(lab, 'localhost');
  });
});

describe.skipIf(missingService('sshd'))('an SSH connection', () => {
  it.each([
    ['cut', 'is closed'],
    ['stall', 'swallows every packet'],
  ] as const)(
    'that fails by %s for 20 s during a test (it %s) loses nothing and doubles nothing',
    { timeout: 180_000 },
    async (fault, _how) => {
      const lab = await startLab();
      const sshd = await startSshd({ hosts: 1 });
      onTestFinished(() => sshd.close());
      const [host] = sshd.hosts;
      if (!host) throw new Error('no host');
      const proxy = await startTcpProxy(host);
      onTestFinished(() => proxy.close());
      const { name, user, keyFile, hostKey } = host;
      await addSshHost(lab, { name, user, keyFile, hostKey, address: proxy.address, port: proxy.port });
      // Counts once a second, so that lines fall before, into and after the cut.
      const control = controlOf(`
    await job.runCommand('counter', ['sh', '-c', 'i=0; while [ $i -lt 30 ]; do echo "line $i"; i=$((i+1)); sleep 1; done']);
    await job.runTest('sleep', { seconds: 0 });`);
      await lab.cli('job', 'create', lab.write({ 'control.ts': control }));
      await testRunning(lab, 'counter');
      await waitFor(async () => counterLines(lab, await showJob(lab)).length >= 3, 'some lines to arrive');
      proxy[fault]();
      await new Promise((resolve) => setTimeout(resolve, 20_000));
      const duringCut = await showJob(lab);
      expect(duringCut.state).toBe('running');
      const arrived = counterLines(lab, duringCut).length;
      expect(arrived).toBeLessThan(30);
      proxy.restore();
      const job = await finishedJob(lab);
      expect(job.outcome).toBe('passed');
      expect(ownResults(job)).toEqual([
        ['counter', 'pass'],
        ['sleep', 'pass'],
      ]);
      expect(counterLines(lab, job)).toEqual(Array.from({ length: 30 }, (_, n) => `line ${n}`));
      const journal = resultFile(lab, job, 'journal.ndjson');
      expect(journal).toContain('"event":"lost"');
      expect(journal).toContain('"event":"resumed"');
    },
  );

  it('to a host that goes away for good ends the entry with the cause', async () => {
    const lab = await startLab();
    const [host] = await addSshHosts(lab, 1, ['--attribute', 'repair-wait=2 s']);
    if (!host) throw new Error('no host');
    await host.stop();
    const run = await lab.cli(
      'run',
      lab.write({ 'control.ts': controlOf(`await job.runTest('sleep', { seconds: 0 });`) }),
      '--host',
      host.name,
    );
    expect(run.exitCode).toBe(2);
    expect(run.stdout).toMatch(/AT_HOST_UNFIT|AT_HOST_UNREACHABLE/);
    expect(run.stdout).toMatch(/refused/);
    const shown = JSON.parse((await lab.cli('host', 'show', host.name, '-o', 'json')).stdout) as { state: string };
    expect(shown.state).toBe('repairFailed');
  });
});

function counterLines(lab: Lab, job: Parameters<typeof resultFile>[1]): string[] {
  return resultFile(lab, job, 'counter/debug/output.log')
    .split('\n')
    .filter((line) => line.startsWith('line '));
}

function readNames(lab: Lab, job: Parameters<typeof resultFile>[1]): string {
  return readdirSync(resultsDir(lab, job))
    .filter((name) => name.startsWith('crashinfo.'))
    .join('\n');
}

function commandOf(pid: number): string {
  try {
    return ` ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')} `;
  } catch {
    return '';
  }
}
