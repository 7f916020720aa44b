import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QmpClient } from '../src/qemu/qmp.ts';

describe('the monitor of QEMU', () => {
  let dir: string;
  let path: string;
  let server: Server | undefined;
  const sockets: Socket[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'qmp-'));
    path = join(dir, 'qmp');
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    rmSync(dir, { recursive: true, force: true });
  });

  it('answers each command by its id, tells events, and refuses with its reason', async () => {
    await listen((request, reply) => {
      if (request.execute === 'bad') reply({ id: request.id, error: { class: 'GenericError', desc: 'no such thing' } });
      else reply({ event: 'STOP', data: {} }, { id: request.id, return: { was: request.execute } });
    });
    const events: string[] = [];
    const qmp = await QmpClient.connect(path, { timeoutMs: 5000, onEvent: ({ event }) => events.push(event) });
    expect(await Promise.all([qmp.execute('one'), qmp.execute('two')])).toEqual([{ was: 'one' }, { was: 'two' }]);
    await expect(qmp.execute('bad')).rejects.toThrow('QEMU refuses bad: no such thing');
    expect(events).toContain('STOP');
    qmp.close();
    await expect(qmp.execute('one')).rejects.toThrow('gone');
  });

  it('fails what waits when it ends', async () => {
    await listen((request, reply) => {
      if (request.execute === 'quit') for (const socket of sockets) socket.destroy();
      else reply({ id: request.id, return: {} });
    });
    const qmp = await QmpClient.connect(path, { timeoutMs: 5000 });
    await expect(qmp.execute('quit')).rejects.toThrow('QEMU ended during quit');
  });

  it('is given up where nobody greets or nobody is there', async () => {
    await expect(QmpClient.connect(path, { timeoutMs: 5000 })).rejects.toMatchObject({ code: 'AT_LAB' });
    await listen(() => undefined, false);
    await expect(QmpClient.connect(path, { timeoutMs: 100 })).rejects.toThrow('no greeting in time');
  });

  async function listen(
    answer: (request: { execute: string; id: number }, reply: (...messages: object[]) => void) => void,
    greets = true,
  ): Promise<void> {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      const reply = (...messages: object[]): void => {
        for (const message of messages) socket.write(`${JSON.stringify(message)}\r\n`);
      };
      if (greets) reply({ QMP: { version: {}, capabilities: [] } });
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        const lines = (text + chunk.toString()).split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) answer(JSON.parse(line) as { execute: string; id: number }, reply);
      });
    });
    await new Promise<void>((resolve) => server?.listen(path, resolve));
  }
});
