import { join } from 'node:path';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { missingService, startSshd } from '@autotest/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addLocalHost, finishedJob, showJob } from './support/facts.ts';
import { startLab, waitFor, type Lab } from './support/lab.ts';

const control = `import { defineControl } from '@autotest/core';

export default defineControl({
  name: 'greet',
  author: 'Ada <ada@example.org>',
  doc: 'Says hello.',
  type: 'client',
  async run(job) {
    await job.runTest('sleep', { seconds: 0 });
  },
});
`;

/** Runs a command that must succeed; gives what it printed. */
async function done(lab: Lab, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.cli(...args);
  expect(exitCode, stderr).toBe(0);
  return stdout.trim();
}

async function json<T>(lab: Lab, ...args: string[]): Promise<T> {
  return JSON.parse(await done(lab, ...args, '-o', 'json')) as T;
}

describe('the wishes of a job', () => {
  it('are options of the command line, and kept when it is run again', async () => {
    const lab = await startLab({ dispatcher: false });
    const file = lab.write({ 'greet.ts': control });
    await done(lab, 'host', 'add', 'h1', '--label', 'rack:7');
    expect(await done(lab, 'job', 'create', file)).toBe('1');
    const wishes = [
      ['--retries', '2'],
      ['--infra-retries', '0'],
      ['--idle-timeout', '10m'],
      ['--same-value-of', 'rack'],
      ['--provision', 'debian-12'],
      ['--reserve-on', 'failure'],
      ['--reserve-for', '2h'],
      ['--pool', 'lab'],
      ['--keyval', 'build=7'],
    ].flat();
    expect(await done(lab, 'job', 'create', '--after', '1:finished', file, ...wishes)).toBe('2');
    const expected = {
      retries: 2,
      infraRetries: 0,
      idleTimeout: 600_000,
      sameValueOf: 'rack',
      provision: 'debian-12',
      reserveOn: 'failure',
      reserveFor: 7_200_000,
      pool: 'lab',
      keyvals: { build: '7' },
    };
    expect(await showJob(lab, '2')).toMatchObject({ ...expected, after: [{ when: 'finished', job: { id: '1' } }] });
    expect(await done(lab, 'job', 'rerun', '2')).toBe('3');
    expect(await showJob(lab, '3')).toMatchObject({ ...expected, after: [] });
    const refused = await lab.cli('job', 'create', file, '--after', '99');
    expect(refused).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('There is no job 99') });
    expect((await lab.cli('job', 'create', file, '--after', 'x')).stderr).toContain('7:passed or 7:finished');
  });

  it.each(['client', 'server'])('end a %s control file that falls silent', async (type) => {
    const lab = await startLab();
    await addLocalHost(lab);
    const file = lab.write({
      'silent.ts': control
        .replace("type: 'client'", `type: '${type}'`)
        .replace("job.runTest('sleep', { seconds: 0 })", "job.run('sleep 600')"),
    });
    const { exitCode, stdout } = await lab.cli('run', file, '--quiet', '--idle-timeout', '2s');
    expect(stdout).toContain('No output and no result for 2 s');
    expect(exitCode).toBe(3);
    expect(await showJob(lab)).toMatchObject({ outcome: 'timedOut', entries: [{ cause: { code: 'AT_TIMED_OUT' } }] });
  });

  it('bring a host along for one job', async () => {
    const lab = await startLab({ dispatcher: false });
    const file = lab.write({ 'greet.ts': control });
    expect(await done(lab, 'job', 'create', file, '--one-time', 'root@box.example.org:2222')).toBe('1');
    expect((await showJob(lab)).entries).toMatchObject([
      { host: { name: 'box.example.org', port: 2222, user: 'root', oneTime: true } },
    ]);
    expect(await done(lab, 'job', 'rerun', '1')).toBe('2');
    expect((await showJob(lab, '2')).entries).toMatchObject([{ host: { name: 'box.example.org' } }]);
    await done(lab, 'host', 'add', 'h1');
    expect(await lab.cli('job', 'create', file, '--one-time', 'root@h1')).toMatchObject({
      exitCode: 64,
      stderr: expect.stringContaining('There is a host "h1" already'),
    });
    expect((await lab.cli('job', 'create', file, '--one-time', 'h2')).stderr).toContain('user@host');
  });
});

describe('a one-time host', () => {
  it.skipIf(missingService('sshd') !== undefined)(
    'runs a job over SSH, and the next one that brings it along',
    async () => {
      const lab = await startLab();
      const sshd = await startSshd({ hosts: 1 });
      onTestFinished(() => sshd.close());
      const [host] = sshd.hosts;
      if (!host) throw new Error('no host was started');
      // The key that the user of the dispatcher has.
      const keys = join(lab.root, 'home', '.ssh');
      mkdirSync(keys, { recursive: true, mode: 0o700 });
      copyFileSync(host.keyFile, join(keys, 'id_ed25519'));
      const file = lab.write({ 'greet.ts': control });
      const brought = `${host.user}@${host.address}:${host.port}`;
      for (let n = 0; n < 2; n++) {
        const { exitCode, stdout, stderr } = await lab.cli('run', file, '--quiet', '--one-time', brought);
        expect(exitCode, stdout + stderr).toBe(0);
      }
      expect((await lab.cli('run', file, '--any', '1')).stderr).toContain('no host yet');
    },
  );
});

describe('jobs that wait for others', () => {
  it('start in their order, and end where they can never start', async () => {
    const lab = await startLab();
    await addLocalHost(lab);
    const greet = lab.write({ 'greet.ts': control });
    const fails = lab.write({
      'fail.ts': control.replace("runTest('sleep', { seconds: 0 })", "record('bad', 'fail')"),
    });
    await done(lab, 'suite', 'create', greet, fails, greet, '--name', 'chain', '--in-order');
    expect(await finishedJob(lab, '3')).toMatchObject({ outcome: 'stopped', executions: [] });
    expect(await showJob(lab, '1')).toMatchObject({ outcome: 'passed' });
    expect(await showJob(lab, '2')).toMatchObject({ outcome: 'failed' });
    expect((await lab.cli('job', 'create', greet, '--after', '2')).stderr).toContain('has ended already, failed');
  });
});

describe('a suite', () => {
  it('is created from a file, shown and aborted', async () => {
    const lab = await startLab({ dispatcher: false });
    lab.write({ 'jobs/greet.ts': control });
    await done(lab, 'host', 'add', 'h1');
    const suite = join(lab.workDir, 'nightly.yaml');
    writeFileSync(
      suite,
      `name: nightly
jobs:
  - key: build
    control: jobs/greet.ts
    name: build
    timeout: 2h
  - control: jobs/greet.ts
    name: test
    retries: 1
    keyvals: { build: 7 }
    after: [build, '1:finished']
`,
    );
    const beside = await done(lab, 'job', 'create', 'jobs/greet.ts');
    expect(await done(lab, 'suite', 'create', suite)).toBe('1');
    const shown = await done(lab, 'suite', 'show', '1');
    expect(shown).toContain('Suite 1 nightly: running, 0 of 2 jobs finished');
    expect(shown).toMatch(/3\s+test\s+queued\s+1:finished 2:passed/);
    expect(await showJob(lab, '2')).toMatchObject({ name: 'build', timeout: 7_200_000, suite: { name: 'nightly' } });
    expect(await showJob(lab, '3')).toMatchObject({ retries: 1, keyvals: { build: 7 } });
    expect(await done(lab, 'suite', 'list')).toMatch(/1\s+nightly\s+\S+\s+running\s+0\/2/);
    expect((await lab.cli('suite', 'abort', '1', '--reason', 'no need')).stderr).toContain('being aborted');
    expect((await lab.cli('suite', 'abort', '1')).stderr).toContain('nothing left');
    expect(await showJob(lab, beside)).toMatchObject({ abortedBy: null });
    expect(await showJob(lab, '3')).toMatchObject({ abortReason: 'no need' });
  });

  it('is created from control files, in their order', async () => {
    const lab = await startLab({ dispatcher: false });
    const file = lab.write({ 'greet.ts': control });
    await done(lab, 'host', 'add', 'h1');
    const again = ['suite', 'create', file, file, '--name', 's', '--in-order', '--request-id', 'r1'];
    expect(await done(lab, ...again)).toBe('1');
    expect(await done(lab, ...again)).toBe('1');
    expect(await json(lab, 'suite', 'show', '1')).toMatchObject({
      jobs: [{ after: [] }, { after: [{ when: 'passed', job: { id: '1' } }] }],
    });
    expect(await lab.cli('suite', 'create', file)).toMatchObject({ exitCode: 64 });
  });
});

describe('a recurring job', () => {
  it('is submitted by the dispatcher again and again, until it is disabled', async () => {
    const lab = await startLab();
    await addLocalHost(lab);
    const file = lab.write({ 'greet.ts': control });
    expect(await done(lab, 'recurring', 'add', file, '--every', '1s', '--keyval', 'build=7')).toBe('1');
    await waitFor(async () => (await lab.cli('job', 'show', '1')).exitCode === 0, 'a first job');
    expect(await finishedJob(lab, '1')).toMatchObject({ outcome: 'passed', recurringId: '1', keyvals: { build: '7' } });
    await waitFor(async () => (await lab.cli('job', 'show', '2')).exitCode === 0, 'a second job');
    expect((await lab.cli('recurring', 'disable', '1')).stderr).toContain('is disabled');
    const { lastJob } = await json<{ lastJob: { id: string } }>(lab, 'recurring', 'show', '1');
    const run = await done(lab, 'recurring', 'run-now', '1');
    expect(Number(run)).toBe(Number(lastJob.id) + 1);
    expect(await finishedJob(lab, run)).toMatchObject({ outcome: 'passed' });
  });

  it('is added with a schedule, listed, shown, enabled and removed', async () => {
    const lab = await startLab({ dispatcher: false });
    await done(lab, 'host', 'add', 'h1');
    const file = lab.write({ 'greet.ts': control });
    const cron = ['--cron', '30 2 * * 1-5', '--timezone', 'Europe/Berlin', '--times', '5', '--missed', 'skip'];
    expect(await done(lab, 'recurring', 'add', file, '--host', 'h1', ...cron)).toBe('1');
    expect(await done(lab, 'recurring', 'list')).toMatch(
      /1\s+greet\s+\S+\s+30 2 \* \* 1-5 \(Europe\/Berlin\)\s+20\d\d-/,
    );
    const shown = await done(lab, 'recurring', 'show', '1');
    expect(shown).toMatch(/missed runs\s+skip/);
    expect(shown).toMatch(/left\s+5/);
    await done(lab, 'recurring', 'disable', '1');
    expect(await done(lab, 'recurring', 'list')).toContain('disabled');
    expect((await lab.cli('recurring', 'enable', '1')).stderr).toMatch(/is enabled; next at 20/);
    await done(lab, 'recurring', 'remove', '1');
    expect((await lab.cli('recurring', 'show', '1')).stderr).toContain('There is no recurring job 1');
    for (const [args, words] of [
      [['--cron', '61 * * * *'], 'cannot be read'],
      [['--cron', '* * * * *', '--every', '1h'], 'mutually exclusive'],
      [['--every', '1h', '--times', '0'], 'cannot recur 0 times'],
      [[], 'Say when it recurs'],
    ] as const) {
      const { exitCode, stderr } = await lab.cli('recurring', 'add', file, '--host', 'h1', ...args);
      expect(stderr).toContain(words);
      expect(exitCode).toBe(64);
    }
  });
});
