import { once } from 'node:events';
import type { JobWhyQuery } from '@autotest/graphql/client';
import { connect, SubmitJobDocument, type Connection } from '@autotest/graphql/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { controlOf, finishedJob, testRunning } from './support/facts.ts';
import { startLab, waitFor, type Lab } from './support/lab.ts';

type Why = NonNullable<NonNullable<JobWhyQuery['job']>['entries'][number]['why']>;

const sleeps = controlOf(`await job.runTest('sleep', { seconds: 600 });`, 'verify: false,');
const pair = sleeps.replace("type: 'client'", "type: 'server', syncCount: 2");

describe('autotest job why', () => {
  it('tells of a lock, of labels, of a busy host and when that is expected, and of jobs to be waited for', async () => {
    const lab = await labWith({ h1: 'kind:x' });
    const file = lab.write({ 'sleeps.ts': sleeps });
    await done(lab, 'host', 'lock', 'h1', '--reason', 'new disk');
    for (const id of ['1', '2'])
      expect(await done(lab, 'job', 'create', file, '--needs', 'kind:x', '--max-runtime', '1h')).toBe(id);
    await whyOf(lab, '1', {
      code: 'hosts',
      position: 1,
      queueLength: 2,
      message: 'needs kind:x; h1 is locked by root (new disk)',
    });
    expect(await whyOf(lab, '2', { code: 'hosts', position: 2 })).toMatchObject({
      constraints: [{ needs: 'kind:x', count: 1, nearest: [{ host: 'h1', lacks: 'is locked by root (new disk)' }] }],
      unblock: ['h1 is free'],
    });
    await done(lab, 'host', 'label', 'h1', '--remove', 'kind:x');
    await whyOf(lab, '2', {
      code: 'labels',
      message: 'needs kind:x; nearest: h1 lacks kind:x',
      unblock: ['h1 gets kind:x'],
    });
    await done(lab, 'host', 'label', 'h1', '--add', 'kind:x');
    await done(lab, 'host', 'unlock', 'h1');
    await testRunning(lab, 'sleep');
    const busy = await whyOf(lab, '2', {
      code: 'hosts',
      message: 'needs kind:x; h1 is running job 1',
      position: 1,
      queueLength: 1,
    });
    expect(Date.parse(busy.expectedAt ?? '') - Date.now(), 'by the limit of the job').toBeGreaterThan(3_000_000);
    await done(lab, 'job', 'create', file, '--needs', 'kind:x', '--after', '1:finished');
    const dependent = await whyOf(lab, '3', { code: 'dependency', position: null, unblock: ['job 1 ends'] });
    expect(dependent.waitsFor).toEqual([
      { when: 'finished', job: { id: '1', name: 'sample', state: 'running', outcome: null } },
    ]);

    expect((await done(lab, 'job', 'why', '1')).trim()).toBe('Job 1 sample: running. It waits for nothing: it runs.');
    const text = await done(lab, 'job', 'why', '2', '--entry', '0');
    expect(text).toMatch(/^Entry 0 \(any fitting host\): queued: needs kind:x; h1 is running job 1 \[hosts\]$/m);
    expect(text).toMatch(/^ {2}position {2}1 of 1 that wait for the same/m);
    expect(text).toMatch(/^ {2}expected {2}in (59 min|1 h).* \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)$/m);
    expect(text).toMatch(/^ {2}NEEDS +HOSTS +NEAREST +WHAT IT LACKS\n {2}kind:x +1 +h1 +is running job 1$/m);
    expect(text).toContain('It goes on when:\n  - h1 is free');
    expect(await done(lab, 'job', 'show', '2')).toContain('any host: queued: needs kind:x; h1 is running job 1');
    const missing = await lab.cli('job', 'why', '2', '--entry', '7');
    expect(missing).toMatchObject({ exitCode: 64, stderr: expect.stringContaining('has no entry 7') });

    const watching = lab.cliStart('job', 'why', '2', '--watch');
    await once(watching.child.stdout ?? watching.child, 'data');
    await done(lab, 'job', 'abort', '2');
    expect((await watching.done).stdout).toMatch(
      /h1 is running job 1[^]*Job 2 sample: aborted\. It waits for nothing: it is over\./,
    );
    await done(lab, 'job', 'abort', '3');
    await endJob(lab);
  });

  it('tells of a share that is used up, of a reservation, and of hosts that are missing for a group', async () => {
    const lab = await labWith({ h1: 'kind:x', h2: 'kind:y', h3: 'kind:y' });
    const file = lab.write({ 'sleeps.ts': sleeps, 'pair.ts': pair });
    await done(lab, 'account', 'set', 'root', '--max-hosts', '1');
    await done(lab, 'job', 'create', file, '--host', 'h1');
    await testRunning(lab, 'sleep');
    await done(lab, 'job', 'create', file, '--host', 'h2');
    const share = await whyOf(lab, '2', { code: 'share', message: 'root holds 1 host, as many as it may' });
    expect(share.unblock).toEqual(['a job of root ends', 'autotest account set root --max-hosts 2']);
    await done(lab, 'job', 'abort', '2');
    await done(lab, 'account', 'set', 'root', '--max-hosts', 'none');

    await done(lab, 'host', 'lock', 'h2', '--reason', 'until it is reserved');
    const anna = await addUser(lab, 'anna');
    await anna.request(SubmitJobDocument, { input: { source: sleeps, hosts: ['h2'] } });
    await done(lab, 'host', 'reserve', 'h2', '--for', '1h');
    await done(lab, 'host', 'unlock', 'h2');
    const reserved = await whyOf(lab, '3', { code: 'access', unblock: ['autotest host release h2'] });
    expect(reserved.message).toMatch(/^h2 is reserved for root until /);
    await done(lab, 'job', 'abort', '3');
    await done(lab, 'host', 'release', 'h2');

    await done(lab, 'host', 'lock', 'h3', '--reason', 'broken');
    await done(lab, 'job', 'create', lab.write({ 'pair.ts': pair }), '--needs', 'kind:y', '--any', '2');
    const group = await whyOf(lab, '4', { code: 'siblings', position: null });
    expect(group.message).toBe('waits for 1 more host; h3 is locked by root (broken)');
    expect(await done(lab, 'job', 'why', '4')).toMatch(
      /^Entries 0 \(any fitting host\), 1 \(any fitting host\): queued: waits for 1 more host/m,
    );
    await endJob(lab);
  });
});

async function labWith(hosts: Readonly<Record<string, string>>): Promise<Lab> {
  const lab = await startLab();
  for (const [name, label] of Object.entries(hosts))
    await done(lab, 'host', 'add', name, '--transport', 'local', '--label', label);
  return lab;
}

/** Runs a command that must succeed; gives what it printed. */
async function done(lab: Lab, ...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.cli(...args);
  expect(exitCode, `${args.join(' ')}: ${stderr}`).toBe(0);
  return stdout.trim();
}

/** Leaves no process behind. */
async function endJob(lab: Lab): Promise<void> {
  await done(lab, 'job', 'abort', '1');
  await finishedJob(lab);
}

/** Waits until the first entry of a job waits for this, and gives the whole reason. */
async function whyOf(lab: Lab, id: string, expected: Partial<Why>): Promise<Why> {
  let last: Why | null | undefined;
  return waitFor(
    async () => {
      const job = JSON.parse(await done(lab, 'job', 'why', id, '-o', 'json')) as NonNullable<JobWhyQuery['job']>;
      last = job.entries[0]?.why;
      const isThat = Object.entries(expected).every(
        ([key, value]) => JSON.stringify(last?.[key as keyof Why]) === JSON.stringify(value),
      );
      return isThat ? last : undefined;
    },
    `job ${id} to wait for ${JSON.stringify(expected)}`,
    () => `It waits for ${JSON.stringify(last)}.`,
    20_000,
  );
}

async function addUser(lab: Lab, login: string): Promise<Connection> {
  const { token } = JSON.parse(await done(lab, 'user', 'add', login, '--token', 'test', '-o', 'json')) as {
    token: string;
  };
  const api = connect({ url: lab.url, token });
  onTestFinished(() => api.close());
  return api;
}
