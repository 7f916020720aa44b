import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FromAutoserv } from '@autotest/core';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ControlConnection } from '../../src/supervise/control-connection.ts';

let directory: string;
let server: Server;
let peer: Promise<Socket>;
let path: string;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'control-'));
  path = join(directory, 's.sock');
  server = createServer();
  peer = new Promise((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(path, resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

it('takes messages whole, however they are cut, and passes over what it does not know', async () => {
  const messages: FromAutoserv[] = [];
  const onClose = vi.fn();
  const connection = new ControlConnection(path, { onMessage: (message) => messages.push(message), onClose });
  const socket = await peer;
  const hello = JSON.stringify({ type: 'hello', executionId: 7, epoch: 1, pid: 42, journalBytes: 0 });
  socket.write(hello.slice(0, 10));
  await new Promise((resolve) => setTimeout(resolve, 10));
  socket.write(
    `${hello.slice(10)}\nnot JSON\nnull\n{"type":"unknown"}\n{"type":"hello","pid":"x"}\n{"type":"heartbeat","t":1}\n`,
  );
  await vi.waitFor(() => expect(messages.map(({ type }) => type)).toEqual(['hello', 'heartbeat']));
  const received = new Promise((resolve) => socket.once('data', (data) => resolve(String(data))));
  connection.send({ type: 'ping' });
  expect(await received).toBe('{"type":"ping"}\n');
  connection.close();
  await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce());
});

it('hangs up on a peer that sends a line without end', async () => {
  const onClose = vi.fn();
  const connection = new ControlConnection(path, { onMessage: () => {}, onClose });
  const socket = await peer;
  socket.on('error', () => {});
  socket.write('x'.repeat(200_000));
  await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  connection.close();
});

it('says so when nobody listens', async () => {
  const onClose = vi.fn();
  const connection = new ControlConnection(join(directory, 'nobody.sock'), { onMessage: () => {}, onClose });
  await vi.waitFor(() => expect(onClose).toHaveBeenCalledOnce());
  connection.close();
});
