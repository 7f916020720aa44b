import { connect, HostDocument, JobDocument, SubmitJobDocument, type Connection } from '@autotest/graphql/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startLab, waitFor, type Lab } from './support/lab.ts';

/** Runs a command that must succeed and gives what it printed as JSON. */
async function json<T>(lab: Lab, ...args: string[]): Promise<T> {
  const ran = await lab.cli(...args, '-o', 'json');
  expect(ran.exitCode, ran.stderr).toBe(0);
  // oxlint-disable-next-line no-unsafe-type-assertion -- the test says what the command prints
  return JSON.parse(ran.stdout) as T;
}

/** Adds a user with `autotest user add` and signs in with the token that it prints. */
async function addUser(lab: Lab, login: string, ...args: string[]): Promise<Connection> {
  const { token } = await json<{ token: string }>(lab, 'user', 'add', login, '--token', 'test', ...args);
  const api = connect({ url: lab.url, token });
  onTestFinished(() => api.close());
  return api;
}

async function reservationOf(lab: Lab, name: string) {
  return (await lab.api.request(HostDocument, { name })).host?.reservation;
}

async function addHosts(lab: Lab, ...names: string[]): Promise<void> {
  for (const name of names) expect((await lab.cli('host', 'add', name, '--transport', 'local')).exitCode).toBe(0);
}

const hello = `import { defineControl } from '@autotest/core';
export default defineControl({
  name: 'hello', author: 'A', doc: 'Says hello.', type: 'client', verify: false,
  async run(job) { await job.runCommand('hello', ['echo', 'hello']); },
});
`;

describe('a lab that teams share', () => {
  it('is set up from the command line', async () => {
    const lab = await startLab({ dispatcher: false });
    await addHosts(lab, 'h1', 'h2');
    await addUser(lab, 'anna', '--team', 'kernel');
    const group = await json(lab, 'acl', 'create', 'kernel', '--user', 'anna', '--host', 'h1');
    expect(group).toMatchObject({ users: ['anna'], hosts: [{ name: 'h1' }] });
    expect(await json(lab, 'acl', 'add', 'kernel', '-u', 'bob', '-H', 'h2')).toMatchObject({ users: ['anna', 'bob'] });
    expect(await json(lab, 'acl', 'remove', 'kernel', '-H', 'h2')).toMatchObject({ hosts: [{ name: 'h1' }] });
    await lab.cli('account', 'set', 'kernel', '--weight', '2.5', '--max-hosts', '4');
    await lab.cli('account', 'set', 'kernel', '--max-hosts', 'none');
    expect(await json(lab, 'account', 'list')).toContainEqual({
      name: 'kernel',
      weight: 2.5,
      maxHosts: null,
      heldHosts: 0,
    });
    await json(lab, 'host', 'label', 'h1', 'h2', '--add', 'gpu', '--add', 'rack:1');
    await lab.cli('host', 'label', 'h2', '--remove', 'gpu');
    await lab.cli('label', 'set', 'gpu', '--only-if-needed', '--description', 'Has a GPU');
    expect(await json(lab, 'label', 'list')).toEqual([
      { name: 'gpu', description: 'Has a GPU', onlyIfNeeded: true, hosts: 1 },
      { name: 'rack:1', description: null, onlyIfNeeded: false, hosts: 2 },
    ]);
    await lab.cli('host', 'drain', 'h1', 'h2');
    await lab.cli('host', 'undrain', 'h2');
    await lab.cli('host', 'quarantine', 'h2', '--reason', 'smoke');
    expect((await lab.cli('host', 'list')).stdout.split('\n').slice(1, 3)).toEqual([
      expect.stringContaining('ready (draining)'),
      expect.stringContaining('ready (quarantined)'),
    ]);
    expect((await lab.cli('host', 'show', 'h1')).stdout).toMatch(/^groups +kernel$/m);
    await lab.cli('user', 'set-team', 'anna');
    await lab.cli('user', 'set-role', 'anna', 'viewer');
    expect(await json(lab, 'user', 'list')).toContainEqual(
      expect.objectContaining({ login: 'anna', role: 'viewer', team: null }),
    );
  });

  it('tells a wrong command from one that is not allowed', async () => {
    const lab = await startLab({ dispatcher: false });
    await addHosts(lab, 'h1');
    await addUser(lab, 'anna');
    expect((await lab.cli('host', 'lock', 'h1', '--reason', 'x', '--for', 'soon')).exitCode).toBe(64);
    expect((await lab.cli('host', 'reserve', 'h1', 'h9')).exitCode).toBe(64);
    expect((await lab.cli('host', 'reserve', 'h1', '--user', 'anna')).exitCode, 'it is reserved for root now').toBe(77);
    expect((await lab.cli('host', 'release', 'h1')).exitCode).toBe(0);
    expect((await lab.cli('host', 'extend', 'h1')).exitCode, 'nothing to extend').toBe(3);
    expect((await lab.cli('dispatcher', 'drain', 'nix')).exitCode).toBe(64);
    expect((await lab.cli('dispatcher', 'lst')).stderr).toContain('Did you mean list?');
  });

  it('verifies a host that somebody asks for, and shows its dispatcher', async () => {
    const lab = await startLab();
    await addHosts(lab, 'h1');
    expect(await json(lab, 'host', 'verify', 'h1')).toMatchObject([{ kind: 'verify', host: { name: 'h1' } }]);
    await waitFor(async () => {
      const { host } = await lab.api.request(HostDocument, { name: 'h1', tasks: 5 });
      return host?.tasks.some(({ kind, outcome }) => kind === 'verify' && outcome === 'passed');
    }, 'the verify to pass');
    const [dispatcher] = await json<{ id: string; epoch: number; executions: number }[]>(lab, 'dispatcher', 'list');
    expect(dispatcher).toMatchObject({ epoch: 1, draining: false });
    expect(await json(lab, 'dispatcher', 'drain', dispatcher?.id ?? '')).toMatchObject({ draining: true });
    expect((await lab.cli('dispatcher', 'list')).stdout).toContain('draining');
    expect(await json(lab, 'dispatcher', 'undrain', dispatcher?.id ?? '')).toMatchObject({ draining: false });
  });

  it('goes on with the jobs of a user who was removed', async () => {
    const lab = await startLab();
    await addHosts(lab, 'h1');
    const anna = await addUser(lab, 'anna');
    await lab.cli('host', 'lock', 'h1', '--reason', 'until she is gone');
    const { submitJob } = await anna.request(SubmitJobDocument, { input: { source: hello, hosts: ['h1'] } });
    if (submitJob.__typename !== 'SubmitJobSuccess') throw new Error(submitJob.message);
    expect((await lab.cli('user', 'remove', 'anna')).exitCode).toBe(0);
    await lab.cli('host', 'unlock', 'h1');
    const { id } = submitJob.job;
    const job = await waitFor(async () => {
      const found = (await lab.api.request(JobDocument, { id })).job;
      return found?.state === 'finished' && found;
    }, 'the job to finish');
    expect(job).toMatchObject({ owner: 'anna', outcome: 'passed' });
  });
});

describe('a reservation that is kept alive', () => {
  it('moves on while the command runs, and is released at its end', async () => {
    const lab = await startLab({ dispatcher: false });
    await addHosts(lab, 'h1', 'h2');
    const { child, done } = lab.cliStart('host', 'reserve', 'h1', 'h2', '--for', '6s', '--keep-alive', '--reason', 'x');
    const first = await waitFor(() => reservationOf(lab, 'h2'), 'the reservation');
    const last = Date.parse(first.until);
    for (const name of ['h1', 'h2'])
      await waitFor(async () => {
        const now = await reservationOf(lab, name);
        return now && Date.parse(now.until) > last && now.reason === 'x';
      }, `the reservation of ${name} to move on`);
    child.kill('SIGTERM');
    const { exitCode, stderr } = await done;
    expect(exitCode, stderr).toBe(0);
    expect([await reservationOf(lab, 'h1'), await reservationOf(lab, 'h2')]).toEqual([null, null]);
  });

  it('runs out when the command is killed', async () => {
    const lab = await startLab({ dispatcher: false });
    await addHosts(lab, 'h1');
    const { child, done } = lab.cliStart('host', 'reserve', 'h1', '--for', '3s', '--keep-alive');
    await waitFor(() => reservationOf(lab, 'h1'), 'the reservation');
    child.kill('SIGKILL');
    await done;
    await waitFor(async () => (await reservationOf(lab, 'h1')) === null, 'the reservation to run out');
  });

  it('ends with a message when it was taken away', async () => {
    const lab = await startLab({ dispatcher: false });
    await addHosts(lab, 'h1');
    const { done } = lab.cliStart('host', 'reserve', 'h1', '--for', '6s', '--keep-alive');
    await waitFor(() => reservationOf(lab, 'h1'), 'the reservation');
    await lab.cli('host', 'release', 'h1', '--force');
    const { exitCode, stderr } = await done;
    expect(exitCode).toBe(3);
    expect(stderr).toContain('has not reserved h1, or not any more');
  });
});
