import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HostSpec, RecordBody } from '@autotest/core';
import { hasSshd, startSshd, type Sshd, type SshdHost } from '@autotest/core/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HostConnection } from '../src/hosts/connection.ts';
import { eventually, isRunning, Lab, processesWith, sshHost } from './support.ts';

let lab: Lab;
let sshd: Sshd | undefined;
let records: RecordBody[] = [];
let open: HostConnection[] = [];
beforeEach(() => {
  lab = new Lab();
  records = [];
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  await sshd?.close();
  sshd = undefined;
  await lab.dispose();
});

async function host(...config: readonly string[]): Promise<SshdHost> {
  sshd = await startSshd({ hosts: 1, config });
  const [one] = sshd.hosts;
  if (!one) throw new Error('no host');
  return one;
}

function connect(spec: HostSpec): HostConnection {
  const connection = new HostConnection(spec, {
    reconnectMs: 30_000,
    connectTimeoutMs: 60_000,
    firstAttempts: 1,
    record: (body) => records.push(body),
    env: { HOME: lab.dir, PATH: process.env.PATH },
  });
  open.push(connection);
  return connection;
}

describe.runIf(hasSshd())('a host', () => {
  test('that drops logins by chance gets fifty at once, all of which come through', async () => {
    const one = await host('MaxStartups 2:50:4');
    const all = Array.from({ length: 50 }, () => connect(sshHost(one)));
    const results = await Promise.all(all.map((connection) => connection.exec('echo in')));
    expect(results.map(({ stdout }) => stdout)).toEqual(all.map(() => 'in\n'));
  });

  test('that gives one session a connection runs commands side by side, and ends them', async () => {
    const one = await host('MaxSessions 1');
    const connection = connect(sshHost(one));
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => connection.exec(`sleep 0.05; echo ${index}`)),
    );
    expect(results.map(({ stdout }) => stdout)).toEqual(results.map((_, index) => `${index}\n`));
    const slow = await connection.exec(`sleep ${lab.nap}`, { timeout: '500 ms' });
    expect(slow).toMatchObject({ timedOut: true, signal: 'SIGTERM' });
    expect(isRunning(`sleep ${lab.nap}`)).toBe(false);
    expect(records.filter((record) => record.kind === 'transport' && record.event !== 'connected')).toEqual([]);
  });

  test('has nothing left of a command that is ended: not what ignores TERM, not what made a session of its own', async () => {
    const one = await host();
    const connection = connect(sshHost(one));
    const script = `
      setsid sh -c 'trap "" TERM HUP; sleep ${lab.nap}; :' </dev/null >/dev/null 2>&1 &
      setsid setsid sleep ${lab.nap} </dev/null >/dev/null 2>&1 &
      trap "" TERM
      sleep ${lab.nap}; sleep ${lab.nap}`;
    const running = connection.exec(script, { timeout: '1 s' });
    await eventually('all of them', () => processesWith(lab.nap).length >= 3 || undefined);
    expect(await running).toMatchObject({ timedOut: true });
    expect(processesWith(lab.nap)).toEqual([]);
  });

  test('that is killed while a command runs rejects it, and the command is not run again', async () => {
    const one = await host();
    const connection = connect(sshHost(one));
    const file = `${lab.dir}/runs`;
    const running = connection.exec(`echo run >> ${file}; sleep ${lab.nap}`);
    running.catch(() => {});
    await eventually('its start', () => isRunning(`sleep ${lab.nap}`) || undefined);
    await one.stop();
    await expect(running).rejects.toMatchObject({ code: 'AT_HOST_LOST' });
    await one.start();
    expect((await connection.exec(`cat ${file}`)).stdout).toBe('run\n');
    await delay(200);
    expect((await connection.exec(`cat ${file}`)).stdout).toBe('run\n');
  });

  test('whose sessions are killed is connected to again', async () => {
    const one = await host();
    const connection = connect(sshHost(one));
    const running = connection.exec(`sleep ${lab.nap}`);
    running.catch(() => {});
    await eventually('its start', () => isRunning(`sleep ${lab.nap}`) || undefined);
    one.killSessions();
    await expect(running).rejects.toMatchObject({ code: 'AT_HOST_LOST' });
    expect((await connection.exec('echo back')).stdout).toBe('back\n');
    await connection.exec(`pkill -f 'sleep ${lab.nap}'`);
  });

  test('that comes back with another key in the middle of a job is not trusted', async () => {
    const one = await host();
    const connection = connect(sshHost(one));
    await connection.exec('true');
    await one.stop();
    await one.start({ newKey: true });
    await eventually('the loss', () => !connection.connected || undefined);
    await expect(connection.exec('true')).rejects.toMatchObject({
      code: 'AT_HOST_KEY_MISMATCH',
      message: expect.stringContaining(`autotest host key accept ${one.name} '${one.hostKey}' --replace`) as string,
    });
  });

  test('that proves further keys may change to one of them later', async () => {
    const first = join(lab.dir, 'first');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'x', '-f', first]);
    const one = await host(`HostKey ${first}`);
    const connection = connect(sshHost(one, { hostKeys: [readFileSync(`${first}.pub`, 'utf8').trim()] }));
    await connection.exec('true');
    await eventually('the further key', () => records.find(({ kind }) => kind === 'hostKeyProven'));
    expect(records).toContainEqual({ kind: 'hostKeyProven', host: one.name, key: one.hostKey });
    rmSync(first);
    await one.stop();
    await one.start();
    await eventually('the loss', () => !connection.connected || undefined);
    expect((await connection.exec('echo trusted')).stdout).toBe('trusted\n');
  });
});
