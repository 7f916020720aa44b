import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConsoleHub } from '../src/console/console-hub.ts';

describe('A console hub', () => {
  let dir: string;
  let hub: ConsoleHub;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'console-hub-'));
    hub = new ConsoleHub({ logFile: join(dir, 'log'), socketPath: join(dir, 'socket') });
    await hub.listen();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await hub.close();
    rmSync(dir, { recursive: true });
  });

  async function client(): Promise<Socket> {
    const socket = connect(hub.socketPath);
    sockets.push(socket);
    await new Promise((resolve) => {
      socket.once('connect', resolve);
    });
    return socket;
  }

  function nextOf(socket: Socket): Promise<string> {
    return new Promise((resolve) => {
      socket.once('data', (chunk) => resolve(chunk.toString()));
    });
  }

  test('gives what the machine prints to all clients and to the log', async () => {
    hub.write('before anybody came\n');
    const clients = [await client(), await client()];
    // Each has been let in when what it types arrives.
    const typed = new Promise<void>((resolve) => {
      let count = 0;
      hub.onInput(() => ++count === 2 && resolve());
    });
    for (const socket of clients) socket.write('x');
    await typed;
    const heard = Promise.all(clients.map(nextOf));
    hub.write('hello\n');
    expect(await heard).toEqual(['hello\n', 'hello\n']);
    await hub.close();
    expect(readFileSync(hub.logFile, 'utf8')).toBe('before anybody came\nhello\n');
  });

  test('gives what any client types to the machine', async () => {
    let typed = '';
    const done = new Promise<void>((resolve) => {
      hub.onInput((chunk) => {
        typed += chunk.toString();
        if (typed.length === 2) resolve();
      });
    });
    (await client()).write('a');
    (await client()).write('b');
    await done;
    expect(typed.split('').sort()).toEqual(['a', 'b']);
  });

  test('cuts off a client that does not read, and goes on with the others', async () => {
    const deaf = await client();
    deaf.pause();
    const cut = new Promise((resolve) => {
      deaf.once('close', resolve);
      deaf.once('error', resolve);
    });
    const listening = await client();
    let end: () => void = () => {};
    const heardLast = new Promise<void>((resolve) => (end = resolve));
    listening.on('data', (chunk) => chunk.includes('still there') && end());
    const chunk = Buffer.alloc(64 * 1024, 'x');
    for (let n = 0; n < 64; n++) {
      hub.write(chunk);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    deaf.resume();
    await cut;
    hub.write('still there');
    await heardLast;
  });
});
