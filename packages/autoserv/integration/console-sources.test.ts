import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { missingService, startSshd } from '@autotest/core/testing';
import { makeConsoleSource, type ConsoleStream } from '../src/console/console-source.ts';
import { startConsoleServer } from './console-server.ts';
import { startIpmiSim } from './power-peers.ts';
import { eventually } from './support.ts';

let directory: string;
let env: NodeJS.ProcessEnv;
let closers: (() => unknown)[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'console-test-'));
  mkdirSync(join(directory, 'secrets'));
  env = {
    PATH: process.env.PATH,
    HOME: directory,
    AUTOTEST_SECRETS_DIR: join(directory, 'secrets'),
    AUTOTEST_DRIVERS_DIR: directory,
  };
  closers = [];
});
afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  rmSync(directory, { recursive: true });
});

/** Opens a console; `got` is what came on it. */
async function open(url: string): Promise<ConsoleStream & { got(): string }> {
  const stream = await makeConsoleSource({ name: 'h1' }, url, env).open(AbortSignal.timeout(30_000));
  closers.push(() => stream.close());
  let got = '';
  stream.output.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')));
  return { ...stream, got: () => got };
}

test('a socket is a console both ways', async () => {
  const server = await startConsoleServer();
  closers.push(() => server.close());
  const stream = await open(server.url);
  await eventually('the connection', () => server.connections > 0 || undefined);
  server.write('login: ');
  stream.input.write('root\r');
  await eventually('both texts', () => (stream.got() === 'login: ' && server.typed === 'root\r') || undefined);
  server.drop();
  expect(await stream.ended).toMatch(/closed/);
  await server.close();
  await expect(open(server.url)).rejects.toThrow(/ECONNREFUSED/);
});

test('a telnet server is answered, and its negotiation is no text', async () => {
  const server = await startConsoleServer({
    scheme: 'telnet',
    onConnect: (socket) => socket.write(Buffer.from([255, 251, 1, 255, 253, 0, 255, 251, 0, 255, 253, 24, 104, 105])),
  });
  closers.push(() => server.close());
  const stream = await open(server.url);
  await eventually('the text', () => stream.got() === 'hi' || undefined);
  stream.input.write('a\r');
  const answers = Buffer.from([255, 253, 1, 255, 251, 0, 255, 253, 0, 255, 252, 24]).toString('latin1');
  await eventually('the answers', () => server.typed === `${answers}a\r` || undefined);
});

test.skipIf(missingService('sshd'))('a command on a console server is a console', async () => {
  const sshd = await startSshd({ hosts: 1 });
  closers.push(() => sshd.close());
  for (const { address, port, user, hostKey, keyFile } of sshd.hosts) {
    env = { ...env, AUTOTEST_SECRETS_DIR: join(keyFile, '..') };
    const place = `ssh://${user}@${address}:${port}/?key-file=user_key&command=${encodeURIComponent('echo here; cat')}`;
    const stream = await open(`${place}&host-key=${encodeURIComponent(hostKey)}`);
    stream.input.write('there\n');
    await eventually('both texts', () => stream.got() === 'here\nthere\n' || undefined);
    stream.input.end();
    expect(await stream.ended).toMatch(/exit code 0/);
    const other = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHx1nDnO7yQ3TqyJeyRj4kv1Jx6oI0Pz1v9v2V9v2V9v';
    await expect(open(`${place}&host-key=${encodeURIComponent(other)}`)).rejects.toMatchObject({
      code: 'AT_HOST_KEY_MISMATCH',
    });
  }
});

test('a program of the lab is a console', async () => {
  writeFileSync(
    join(directory, 'serial'),
    '#!/bin/sh\necho "$1 $2 $AUTOTEST_ARG_PORT"; read line; echo "got $line"; exec cat\n',
  );
  chmodSync(join(directory, 'serial'), 0o755);
  const stream = await open('command:serial?port=7');
  stream.input.write('x\n');
  await eventually('both texts', () => stream.got() === 'console h1 7\ngot x\n' || undefined);
  stream.close();
  expect(await stream.ended).toMatch(/serial ended/);
});

test.skipIf(missingService('ipmiSim') ?? missingService('ipmitool'))(
  'serial over LAN is a console both ways',
  async () => {
    writeFileSync(join(directory, 'secrets/bmc'), 's3cret\n');
    const serial = await startConsoleServer();
    closers.push(() => serial.close());
    const bmc = await startIpmiSim(directory, { solPort: Number(serial.url.split(':').at(-1)) });
    closers.push(() => bmc.close());
    const stream = await open(`ipmi-sol://admin@127.0.0.1:${bmc.port}?password-file=bmc`);
    await eventually('the session', () => stream.got().includes('SOL Session operational') || undefined);
    serial.write('h1 login: ');
    await eventually('the prompt', () => stream.got().includes('h1 login: ') || undefined);
    stream.input.write('root\r');
    await eventually('the name', () => serial.typed.includes('root') || undefined);
  },
);
