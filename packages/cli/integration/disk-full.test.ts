import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { addLocalHost, controlOf, finishedJob, ownResults, showJob } from './support/facts.ts';
import { startLab, waitFor } from './support/lab.ts';

const sleepOnce = controlOf(`await job.runTest('sleep', { seconds: 0 });`);
const isRoot = process.getuid?.() === 0;

it.skipIf(!isRoot && process.env.AUTOTEST_REQUIRE_SERVICES !== '1')(
  'a full results disk ends the job in error with its cause, keeps what was written, and lets the next job run once there is space',
  async () => {
    const lab = await startLab({ dispatcher: false });
    const results = `${lab.dataDir}/results`;
    mkdirSync(results, { recursive: true });
    // Mounting a small file system is what needs root.
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', results]);
    onTestFinished(() => {
      execFileSync('umount', ['-l', results]);
    });
    await lab.startDispatcher();
    await addLocalHost(lab);
    const flood = controlOf(`
    await job.runTest('sleep', { seconds: 0 });
    await job.runCommand('flood', ['sh', '-c', 'head -c 45000000 /dev/urandom | base64']);
    await job.runTest('sleep', { seconds: 0 }, { tag: 'after' });`);
    await lab.cli('run', '--infra-retries', '0', lab.write({ 'flood.ts': flood }));
    const job = await finishedJob(lab);
    expect(job.entries).toMatchObject([{ outcome: 'error', cause: { code: 'AT_RESULTS_DISK_FULL' } }]);
    expect(ownResults(job)[0]).toEqual(['sleep', 'pass']);

    const held = lab.cliStart('run', lab.write({ 'held.ts': sleepOnce }));
    const why = async () => (await showJob(lab, '2').catch(() => undefined))?.entries[0]?.waiting?.message;
    await waitFor(async () => (await why())?.includes('free space'), 'job 2 to say why it waits');
    execFileSync('mount', ['-o', 'remount,size=256m', results]);
    const next = await held.done;
    expect(next.exitCode, next.stdout + next.stderr).toBe(0);
  },
);
