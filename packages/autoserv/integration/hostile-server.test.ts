import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import type { HostSpec } from '@autotest/core';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostConnection } from '../src/hosts/connection.ts';
import { Lab } from './support.ts';

let lab: Lab;
let servers: { close(): unknown }[] = [];
let sockets = new Set<Socket>();
let open: HostConnection[] = [];
beforeEach(() => {
  lab = new Lab();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
  for (const socket of sockets) socket.destroy();
  sockets = new Set();
  for (const server of servers.splice(0)) server.close();
  await lab.dispose();
});

function connect(port: number, about: Partial<HostSpec> = {}, connectTimeoutMs = 1500): HostConnection {
  const keyFile = join(lab.dir, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keyFile]);
  const spec: HostSpec = {
    name: 'evil',
    transport: 'ssh',
    address: '127.0.0.1',
    port,
    user: 'root',
    keyFile,
    hostKeys: [],
    labels: [],
    attributes: {},
    protection: 'none',
    ...about,
  };
  const connection = new HostConnection(spec, {
    reconnectMs: 1000,
    connectTimeoutMs,
    firstAttempts: 1,
    record: () => {},
    env: { HOME: lab.dir },
  });
  open.push(connection);
  return connection;
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function speaking(talk: (socket: Socket) => void): Promise<number> {
  return listen(
    createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      talk(socket);
    }),
  );
}

/** Writes as fast as the other side takes it. */
function flood(socket: Socket, chunk: Buffer): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', write);
  write();
}

const banner = 'SSH-2.0-OpenSSH_9.9\r\n';

test.each<[string, (socket: Socket) => void]>([
  ['says nothing', () => {}],
  [
    'sends lines without end before its version',
    (socket) => flood(socket, Buffer.from('welcome to this host\r\n'.repeat(500))),
  ],
  ['sends a line without end', (socket) => flood(socket, Buffer.alloc(65_536, 0x41))],
  ['sends zeros', (socket) => flood(socket, Buffer.alloc(65_536))],
  [
    'sends a packet that says it has 4 GB',
    (socket) => {
      socket.write(banner);
      flood(socket, Buffer.alloc(65_536, 0xff));
    },
  ],
  ['sends its version and nothing more', (socket) => void socket.write(banner)],
  ['speaks HTTP', (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ['hangs up', (socket) => void socket.end()],
  ['hangs up after its version', (socket) => void socket.end(banner)],
  ['resets the connection', (socket) => void socket.resetAndDestroy()],
  ['turns everybody away', (socket) => void socket.end('Exceeded MaxStartups\r\n')],
])('a server that %s is out of reach, in time, and the error names it', async (_, talk) => {
  const port = await speaking(talk);
  const before = process.memoryUsage().rss;
  const error: unknown = await connect(port)
    .connect()
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(error).toMatchObject({ code: 'AT_HOST_UNREACHABLE', message: expect.stringContaining('Host evil') as string });
  expect(String(error)).toContain(`127.0.0.1:${port}`);
  expect(String(error).length).toBeLessThan(1000);
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
});

test('a server that turns people away says so in the error', async () => {
  const port = await speaking((socket) => void socket.end('Exceeded MaxStartups\r\n'));
  await expect(connect(port).connect()).rejects.toThrow(/no more logins at once.*MaxStartups/);
});

/** A server that lets everybody in and then does what it likes. */
async function letIn(then: (client: Connection) => void): Promise<number> {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const server = new ssh2.Server({ hostKeys: [privateKey] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => context.accept());
    then(client);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return (server.address() as AddressInfo).port;
}

function onExec(act: (channel: ServerChannel) => void): (client: Connection) => void {
  return (client) =>
    client.on('session', (accept) => {
      accept().on('exec', (take) => act(take()));
    });
}

test('a server that never opens a channel ends a command when its time is over', async () => {
  const port = await letIn((client) => client.on('session', () => {}));
  const result = await connect(port).exec('true', { timeout: '1 s' });
  expect(result).toMatchObject({ timedOut: true, stdout: '' });
});

test('a server that never answers a command ends it when its time is over', async () => {
  const port = await letIn((client) => client.on('session', (accept) => void accept().on('exec', () => {})));
  expect(await connect(port).exec('true', { timeout: '1 s' })).toMatchObject({ timedOut: true });
});

test('output without end is kept up to the limit', async () => {
  const port = await letIn(
    onExec((channel) => {
      channel.on('error', () => {});
      const chunk = Buffer.alloc(32_768, 0x78);
      const write = (): void => {
        while (channel.writable && channel.write(chunk));
      };
      channel.on('drain', write);
      write();
    }),
  );
  const before = process.memoryUsage().rss;
  const result = await connect(port).exec('yes', { timeout: '2 s', maxOutputBytes: 1000 });
  expect(result.timedOut).toBe(true);
  expect(createHash('sha256').update(result.stdout).digest('hex')).toBe(
    createHash('sha256').update('x'.repeat(1000)).digest('hex'),
  );
  expect(result.truncatedBytes).toBeGreaterThan(0);
  expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1024 * 1024);
});

test('an exit status after which the channel never closes is an end', async () => {
  const port = await letIn(onExec((channel) => channel.exit(3)));
  expect(await connect(port).exec('exit 3', { timeout: '20 s' })).toMatchObject({ exitCode: 3, timedOut: false });
});

test('a channel that is closed without an exit status is no success', async () => {
  const port = await letIn(onExec((channel) => channel.close()));
  await expect(connect(port).exec('true', { timeout: '20 s' })).rejects.toMatchObject({ code: 'AT_HOST_LOST' });
});
